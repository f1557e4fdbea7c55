"""The input: films, pictures with poses, or pairs, which are read, cut out, judged and written as a data set."""

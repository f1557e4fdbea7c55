"""What comes in: films, pictures with poses, pairs; read, cut out, judged and written as a data set."""

"""Where frames come from: webcams, films, folders of pictures, recorded poses. Knows nothing about puppets."""

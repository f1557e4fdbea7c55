"""Where frames come from: webcams, films, folders of pictures, recorded poses. Nothing is known here of puppets."""

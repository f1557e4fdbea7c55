"""A whole film performed by a target, frame by frame."""

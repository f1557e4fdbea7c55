"""Finds the one person in a frame: MediaPipe's models, run by us or by MediaPipe itself. Of puppets nothing is
known here but their skeleton."""

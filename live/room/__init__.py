"""The control room: a browser page that shows the puppet and the performer, and steers the run."""

"""The control room: a page in the browser that shows the puppet and the performer, and steers the run."""

"""Who may come into the control room, and see what: connections, tokens, the pass for the camera's picture."""

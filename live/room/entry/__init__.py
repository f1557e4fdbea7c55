"""Who may enter the control room and what they may see: connections, tokens, the pass for the camera's picture."""

"""The networks and their losses. No training loop, no file."""

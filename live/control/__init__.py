"""What steers a run while it goes on: the director, the keys, the wizard, recordings. Draws and sends nothing."""

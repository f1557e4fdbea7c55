"""What steers a run: the director, the keys, the wizard, recordings. Draws and sends nothing."""

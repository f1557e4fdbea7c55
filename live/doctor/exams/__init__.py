"""One file for each thing that the doctor checks, each with `findings()`. They know nothing of one another."""

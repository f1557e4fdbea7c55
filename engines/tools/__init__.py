"""What `python -m engines` does: bench, chart, self-test. Only that command imports it, and the bench of train."""

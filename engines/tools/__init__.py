"""What `python -m engines` does: bench, chart, self-test. Imported only by that command and by the bench of train."""

"""What training learns and live draws, in one place: pose in, conditioning out. numpy and numba, nothing of live."""

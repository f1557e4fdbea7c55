"""The one film reader for live, training and calibration: the same file gives the same frames."""

"""One reader of films, for live, training and calibration: the same file gives the same frames."""

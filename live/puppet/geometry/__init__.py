"""Places a pose on the canvas: smoothed, measured, normalized, completed. Draws nothing."""

"""Where a pose lies on the canvas: smoothed, measured, normalized, completed. Draws nothing."""

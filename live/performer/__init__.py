"""The person before the camera: found, measured, mirrored, recorded. Knows nothing of a target's pictures."""

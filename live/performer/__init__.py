"""The person in front of the camera: found, measured, mirrored, recorded. Knows nothing about a target's pictures."""

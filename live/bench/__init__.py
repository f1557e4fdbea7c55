"""Measures on this machine, for docs/measurements.md. Nothing imports it."""

"""Engines: read a target bundle and run its ONNX on this machine. No torch, nothing of `live`."""

from engines.telemetry import keep_off

keep_off()

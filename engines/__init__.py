"""Engines: read a target bundle and run its ONNX on this machine. No torch, nothing of `live`."""

from engines.system.telemetry import keep_off

keep_off()

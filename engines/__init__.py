"""Engines: read a target bundle and run its ONNX files on this machine. No torch, and nothing from `live`."""

from engines.system.telemetry import keep_off

keep_off()

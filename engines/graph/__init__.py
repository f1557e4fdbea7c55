"""Graphs: rewrites a bundle's fp32 ONNX file before an engine runs it. Needs onnx, imported where it is used."""

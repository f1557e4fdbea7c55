"""From a run to a target bundle: ONNX files, idle loop, poster."""

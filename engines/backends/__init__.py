"""The runtimes behind one `Engine`: OpenVINO, ONNX Runtime, TensorRT, and a fake. The choice is made elsewhere."""

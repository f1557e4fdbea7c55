"""The runtimes behind one `Engine`: OpenVINO, ONNX Runtime, TensorRT, and a fake. No choice among them is made here."""

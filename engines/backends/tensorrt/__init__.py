"""TensorRT: a bundle's network built into a plan for this GPU, and run with its state on the GPU. No torch."""

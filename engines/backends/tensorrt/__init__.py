"""TensorRT: builds a bundle's network into a plan for this GPU, and runs it with its state on the GPU. No torch."""

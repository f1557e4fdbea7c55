"""The optimisation: one step, the loop, its checkpoints and processes, the face stage."""

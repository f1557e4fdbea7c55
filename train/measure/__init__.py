"""How good a run is: held-out frames, real drivers, drift, the ablation."""

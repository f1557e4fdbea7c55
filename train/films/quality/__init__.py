"""What of a film can be learned from: faults by frame, coverage, and how they are told."""

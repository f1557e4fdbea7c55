"""What can be learned from a film: faults by frame, coverage, and how they are reported."""

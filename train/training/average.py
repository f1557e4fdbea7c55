"""The averaged weights: what is measured and shipped."""

import torch
from torch import nn


def update_ema(average: nn.Module, network: nn.Module, *, steps_done: int, slowest: float) -> None:
    """One step of the running mean, at most as slow as `slowest`; short at first, or it spoils the first steps."""
    decay = min(slowest, (1 + steps_done) / (10 + steps_done))
    with torch.no_grad():
        for mean, now in zip(average.parameters(), network.parameters(), strict=True):
            mean.lerp_(now, 1 - decay)
        for kept, new in zip(average.buffers(), network.buffers(), strict=True):
            kept.copy_(new)  # the batch norms' statistics are running means already

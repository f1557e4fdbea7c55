"""How weights, learning rates and losses change during a run: the EMA of the weights, the schedules."""

import math

import torch
from torch import nn

WARM_UP_STEPS = 100
FINAL_RATE = 0.02  # of the learning rate, at the end of the run
RAMP_STEPS = 500  # the adversarial losses grow to their weight over this many steps


def rate_at(whole: float, steps_done: int, progress: float) -> float:
    """The learning rate: linear warm-up, then a cosine along `progress`, 0..1, from `whole` to FINAL_RATE of it."""
    cosine = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
    return whole * (min((steps_done + 1) / WARM_UP_STEPS, 1.0) * cosine)


def adversarial_share(steps_done: int, start: int) -> float:
    """How much the adversarial losses, which join at step `start`, count: 0..1."""
    return min(max((steps_done - start + 1) / RAMP_STEPS, 0.0), 1.0)


def update_ema(average: nn.Module, network: nn.Module, *, steps_done: int, slowest: float) -> None:
    """One step of the running mean, at most as slow as `slowest`; faster at first, so as to forget the first steps."""
    decay = min(slowest, (1 + steps_done) / (10 + steps_done))
    with torch.no_grad():
        for mean, now in zip(average.parameters(), network.parameters(), strict=True):
            mean.lerp_(now, 1 - decay)
        for kept, new in zip(average.buffers(), network.buffers(), strict=True):
            kept.copy_(new)  # the batch norms' statistics are running means already

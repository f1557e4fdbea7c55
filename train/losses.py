"""The losses, as pure functions. Each gives a scalar: the mean over samples, each counted by its weight (N,) in 0..1.

Pictures are (N, 4, H, W): RGB and matte, straight alpha, 0..1. Samples of doubtful poses carry a small weight, so they
add little and do not raise the others.
"""

import torch
from torch import Tensor


def per_sample(values: Tensor, weight: Tensor) -> Tensor:
    """Mean over everything but the first axis, weighed, then the mean over samples."""
    return (values.float().flatten(1).mean(1) * weight).mean()


def over(picture: Tensor, background: Tensor) -> Tensor:
    """(N, 3, H, W): the picture laid over `background` (N, 3, 1, 1) or (N, 3, H, W)."""
    matte = picture[:, 3:]
    return picture[:, :3] * matte + background * (1 - matte)


def composite_l1(generated: Tensor, real: Tensor, background: Tensor, weight: Tensor) -> Tensor:
    """L1 of what is seen over one background; a random one makes a colour inside the matte count whatever it is."""
    ours = (generated[:, :3] - background) * generated[:, 3:]  # the background itself cancels out of the difference
    theirs = (real[:, :3] - background) * real[:, 3:]
    return per_sample((ours - theirs).abs(), weight)


def matte_l1(generated: Tensor, real: Tensor, weight: Tensor) -> Tensor:
    """L1 of the mattes."""
    return per_sample((generated[:, 3:] - real[:, 3:]).abs(), weight)


def foreground_l1(generated: Tensor, real: Tensor, weight: Tensor) -> Tensor:
    """L1 of the colours inside the real matte, per pixel of matte: a small figure counts as much as a large one."""
    matte = real[:, 3:]
    wrong = ((generated[:, :3] - real[:, :3]).abs() * matte).flatten(1).sum(1)
    area = matte.flatten(1).sum(1)
    enough = area.new_tensor(
        0.01 * matte[0].numel()
    )  # a window that hardly holds a figure must not weigh its few pixels
    return (wrong / (3 * torch.maximum(area, enough)) * weight).mean()


def feature_l1(generated: list[Tensor], real: list[Tensor], weight: Tensor) -> Tensor:
    """L1 of activations, each layer relative to the real one's mean size; mean over layers."""
    terms = [(_size(g - r) * weight).mean() / (_size(r).mean() + 1e-6) for g, r in zip(generated, real, strict=True)]
    return torch.stack(terms).mean()


def _size(activation: Tensor) -> Tensor:
    """(N,) float32: mean absolute value of each sample; reads channels-last memory in the order in which it lies."""
    return activation.permute(0, 2, 3, 1).flatten(1).abs().mean(1).float()


def least_squares(scores: Tensor, wanted: float, weight: Tensor) -> Tensor:
    """LSGAN: squared distance of patch scores from `wanted` (1 real, 0 generated)."""
    return per_sample((scores.float() - wanted) ** 2, weight)

"""Rolls a generator out in training: each frame is made from the one before, spoilt and detached."""

import torch
from torch import Tensor, nn

from train.dataset.share import WHOLE, Share
from train.networks.networks import ClampStraightThrough, from_cells, to_cells

# The fed-back frame is spoilt so that a live start, a dropped frame or the network's own mistake does not throw it off.
# (Noise on what is fed back: GameNGen, arXiv 2408.14837, where it prevents decay and helps even without noise at test.)
ZERO_SHARE = 0.15
NOISE_LEVELS = 16.0  # largest standard deviation, in levels of 0..255


def roll_out(
    generator: nn.Module, pose_maps: Tensor, dolls: Tensor, noise: torch.Generator, share: Share = WHOLE
) -> Tensor:
    """Frames (B, T, 4, H, W), RGB and matte 0..1; the first is made from zeros.

    `pose_maps` (B, T, h, w, C) and `dolls` (B, T, H, W, 4) in levels 0..255. `noise` is drawn on the CPU, so that
    every device sees the same; rows are this process's `share`.
    """
    frames: list[Tensor] = []
    previous = torch.zeros_like(to_cells(dolls[:, 0]))
    for t in range(dolls.shape[1]):
        cells = ClampStraightThrough.apply(generator(pose_maps[:, t], to_cells(dolls[:, t]), previous))
        frames.append(from_cells(cells).permute(0, 3, 1, 2))  # (B, 4, H, W)
        if t + 1 < dolls.shape[1]:
            previous = fed_back(cells.detach(), noise, share)
    return torch.stack(frames, 1)


def fed_back(cells: Tensor, noise: torch.Generator, share: Share = WHOLE) -> Tensor:
    """The frame as fed back at the next step: in whole levels, with noise, sometimes zeros."""
    each = (cells.shape[0], 1, 1, 1)
    size = share.draw(torch.rand, each, noise) * NOISE_LEVELS
    keep = share.draw(torch.rand, each, noise) >= ZERO_SHARE
    grain = share.draw(torch.randn, tuple(cells.shape), noise) * size
    return (cells * 255 + grain.to(cells.device)).clamp(0, 255).round() * keep.to(cells.device)


def there_and_back(sequence: Tensor) -> Tensor:
    """(B, T, ...) -> (B, 2T - 1, ...): x_1 .. x_T .. x_1, for the ping-pong loss."""
    return torch.cat([sequence, sequence[:, :-1].flip(1)], 1)

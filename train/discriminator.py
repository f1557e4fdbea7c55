"""The temporal discriminator: is this pair of frames, moving as these two poses say, real?"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from train.networks import CHANNELS


class PatchDiscriminator(nn.Module):
    """A PatchGAN on two frames and their pose maps, at one scale; spectral norm keeps it from running away.

    `forward(pose_maps (N, 2C, h, w), frames (N, 8, 4h, 4w))`, both 0..1, returns the activations of every layer, the
    last being the score of each patch, (N, 1, h/2, w/2): 1 for real, 0 for generated (least squares).
    """

    def __init__(self, pose_map_channels: int, width: int) -> None:
        super().__init__()
        self.at_half = spectral_norm(nn.Conv2d(2 * CHANNELS, width, 4, 2, 1))
        self.at_quarter = spectral_norm(nn.Conv2d(width, 2 * width, 4, 2, 1))
        self.of_pose = spectral_norm(nn.Conv2d(2 * pose_map_channels, 2 * width, 1))
        self.at_eighth = spectral_norm(nn.Conv2d(2 * width, 4 * width, 4, 2, 1))
        self.of_patch = spectral_norm(nn.Conv2d(4 * width, 4 * width, 3, 1, 1))
        self.score = spectral_norm(nn.Conv2d(4 * width, 1, 3, 1, 1))

    def forward(self, pose_maps: Tensor, frames: Tensor) -> list[Tensor]:
        half = F.leaky_relu(self.at_half(frames * 2 - 1), 0.2)
        quarter = F.leaky_relu(self.at_quarter(half) + self.of_pose(pose_maps), 0.2)
        eighth = F.leaky_relu(self.at_eighth(quarter), 0.2)
        patch = F.leaky_relu(self.of_patch(eighth), 0.2)
        return [half, quarter, eighth, patch, self.score(patch)]


class TemporalDiscriminator(nn.Module):
    """`PatchDiscriminator`s on the pair at full and at half size. Returns one list of activations per scale."""

    def __init__(self, pose_map_channels: int, *, width: int = 24, scales: int = 2) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(pose_map_channels, width) for _ in range(scales))

    def forward(self, pose_maps: Tensor, frames: Tensor) -> list[list[Tensor]]:
        found = []
        for scale in self.scales:
            found.append(scale(pose_maps, frames))
            pose_maps, frames = F.avg_pool2d(pose_maps, 2), F.avg_pool2d(frames, 2)
        return found


def pairs(sequence: Tensor) -> Tensor:
    """(B, T, C, H, W) -> (B*(T-1), 2C, H, W): each frame beside the next."""
    both = torch.cat([sequence[:, :-1], sequence[:, 1:]], 2)
    return both.flatten(0, 1).contiguous(memory_format=torch.channels_last)

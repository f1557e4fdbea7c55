"""The temporal discriminators: is this pair of frames real, given its two poses?"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.utils.parametrizations import spectral_norm

from train.networks.networks import CELL, CHANNELS

# Windows around the face and each hand, px, have discriminators of their own: a hand is too small a share of the
# picture for the others to care. (imaginaire's dancing config has both too.)
FACE_PX, HAND_PX = 96, 64
FACE, RIGHT_HAND, LEFT_HAND = range(3)  # the order of a batch's spots


class PatchDiscriminator(nn.Module):
    """A PatchGAN on a few frames and their pose maps, at one scale; spectral norm keeps it from running away.

    `forward(pose_maps (N, F*C, h, w), frames (N, F*4, 4h, 4w))`, both 0..1, returns the activations of every layer, the
    last being the score of each patch, (N, 1, h/2, w/2).
    """

    def __init__(self, pose_map_channels: int, width: int, frames: int = 2) -> None:
        super().__init__()
        self.at_half = spectral_norm(nn.Conv2d(frames * CHANNELS, width, 4, 2, 1))
        self.at_quarter = spectral_norm(nn.Conv2d(width, 2 * width, 4, 2, 1))
        self.of_pose = spectral_norm(nn.Conv2d(frames * pose_map_channels, 2 * width, 1))
        self.at_eighth = spectral_norm(nn.Conv2d(2 * width, 4 * width, 4, 2, 1))
        self.of_patch = spectral_norm(nn.Conv2d(4 * width, 4 * width, 3, 1, 1))
        self.score = spectral_norm(nn.Conv2d(4 * width, 1, 3, 1, 1))

    def forward(self, pose_maps: Tensor, frames: Tensor) -> list[Tensor]:
        half = F.leaky_relu(self.at_half(frames * 2 - 1), 0.2)
        quarter = F.leaky_relu(self.at_quarter(half) + self.of_pose(pose_maps), 0.2)
        eighth = F.leaky_relu(self.at_eighth(quarter), 0.2)
        patch = F.leaky_relu(self.of_patch(eighth), 0.2)
        return [half, quarter, eighth, patch, self.score(patch)]


@dataclass(frozen=True, slots=True)
class View:
    """What one discriminator looks at: pose_maps (N, F*C, h, w), real and generated frames (N, F*4, 4h, 4w), 0..1.

    Frames are premultiplied, so that it judges what is seen, not colours behind the matte. `weight`: (N,).
    """

    pose_maps: Tensor
    generated: Tensor
    real: Tensor
    weight: Tensor

    def halved(self) -> "View":
        """The same at half size."""
        poses, generated, real = (F.avg_pool2d(part, 2) for part in (self.pose_maps, self.generated, self.real))
        return View(poses, generated, real, self.weight)

    def cut(self, spots: Tensor, side_px: int) -> "View":
        """Windows around `spots` (N, 2), x and y px; a spot that is NaN gives a window of weight 0."""
        height, width = self.real.shape[2:]
        side = min(side_px, height, width) // (2 * CELL) * 2 * CELL
        there = torch.isfinite(spots).all(1)
        low = (torch.where(there[:, None], spots, 0.0) - side / 2).clamp(min=0)
        corners = (torch.minimum(low, low.new_tensor([width - side, height - side])) // CELL * CELL).int().tolist()

        def windows(part: Tensor, shrink: int) -> Tensor:
            size = side // shrink
            cuts = [
                one[:, y // shrink : y // shrink + size, x // shrink : x // shrink + size]
                for one, (x, y) in zip(part, corners, strict=True)
            ]
            return torch.stack(cuts).contiguous(memory_format=torch.channels_last)

        weight = self.weight * there.to(self.weight)
        return View(windows(self.pose_maps, CELL), windows(self.generated, 1), windows(self.real, 1), weight)

    @staticmethod
    def joined(views: list["View"]) -> "View":
        """One view of all samples of several views of equal size."""
        parts = ("pose_maps", "generated", "real", "weight")
        return View(*(torch.cat([getattr(view, part) for view in views]) for part in parts))


class Discriminators(nn.Module):
    """`PatchDiscriminator`s for the picture at full and at half size, for the face and for the hands, in this order."""

    def __init__(self, pose_map_channels: int, *, width: int = 24, frames: int = 2) -> None:
        super().__init__()
        self.scales = nn.ModuleList(PatchDiscriminator(pose_map_channels, width, frames) for _ in range(4))

    @staticmethod
    def views(whole: View, spots: Tensor) -> list[View]:
        """What each of them looks at. `spots`: (N, 3, 2) px, NaN where not seen: face, right hand, left hand."""
        hands = [whole.cut(spots[:, side], HAND_PX) for side in (RIGHT_HAND, LEFT_HAND)]
        return [whole, whole.halved(), whole.cut(spots[:, FACE], FACE_PX), View.joined(hands)]


def windows_of(sequence: Tensor, frames: int) -> Tensor:
    """(B, T, C, H, W) -> (B*(T-frames+1), frames*C, H, W): each frame next to those that follow it."""
    count = sequence.shape[1] - frames + 1
    beside = torch.cat([sequence[:, k : k + count] for k in range(frames)], 2)
    return beside.flatten(0, 1).contiguous(memory_format=torch.channels_last)

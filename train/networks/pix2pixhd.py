"""The yardstick: the global generator of pix2pixHD, reimplemented from the paper's description.

Wang et al. 2018, "High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", section 3.1 and
appendix: ngf 64, 4 downsamplings, 9 residual blocks, instance norm without affine, reflection padding. It works at full
size on the pose map alone: no doll, no previous frame. For comparison and as a teacher; it is not exported.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from train.networks.networks import CELL, CHANNELS, to_cells

WIDTH = 64  # ngf
DOWNS = 4
BLOCKS = 9


class ResnetBlock(nn.Module):
    """x + norm(conv(relu(norm(conv(x)))))."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(width, width, 3),
            nn.InstanceNorm2d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class GlobalGenerator(nn.Module):
    """Same call as `train.networks.networks.Generator`; `doll` and `previous` are ignored.

    Its output differs from the paper's in one way: four channels through a sigmoid (RGB and matte, 0..1), not three
    through tanh, because our pictures carry a matte.
    """

    def __init__(self, pose_map_channels: int, *, width: int = WIDTH, downs: int = DOWNS, blocks: int = BLOCKS) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), *_normed(nn.Conv2d(pose_map_channels, width, 7))]
        for _ in range(downs):
            layers += _normed(nn.Conv2d(width, 2 * width, 3, 2, 1))
            width *= 2
        layers += [ResnetBlock(width) for _ in range(blocks)]
        for _ in range(downs):
            layers += _normed(nn.ConvTranspose2d(width, width // 2, 3, 2, 1, output_padding=1))
            width //= 2
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, CHANNELS, 7)]
        self.body = nn.Sequential(*layers)
        self.apply(_initialise)

    def forward(self, pose_map: Tensor, doll: Tensor, previous: Tensor) -> Tensor:
        drawn = (pose_map / 255).permute(0, 3, 1, 2)
        whole = F.interpolate(drawn, scale_factor=CELL, mode="bilinear", align_corners=False)
        picture: Tensor = torch.sigmoid(self.body(whole).float())
        return to_cells(picture.permute(0, 2, 3, 1))


def _normed(layer: nn.Module) -> list[nn.Module]:
    """A convolution, an instance norm of the same width, and ReLU."""
    return [layer, nn.InstanceNorm2d(layer.out_channels), nn.ReLU(inplace=True)]


def _initialise(layer: nn.Module) -> None:
    """N(0, 0.02), as in the official code (models/networks.py, weights_init)."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.normal_(layer.weight, 0.0, 0.02)
        nn.init.zeros_(layer.bias)

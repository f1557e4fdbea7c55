"""The face network: face map + the generator's own face -> a better face, as a residual on the 128x128 crop.

Every convolution runs at a quarter of the crop's size or below (half the size took 1.4 times as long). A new network
changes nothing, to the bit: its last layer is zero (with the usual initialisation it would start as strong noise).
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from live.puppet.face_map import CHANNELS
from train.networks.networks import SLOPE, Block, Up, conv

CELL = 4  # pixels of the crop in one position of the network, each way
COLOURS = 3
WIDTHS = (64, 96)  # at 1/4 and 1/8 of the crop
BLOCKS = (1, 2)  # residual blocks there, on the way down


class FaceNetwork(nn.Module):
    """`forward(face_map (N, h, w, 9), crop (N, h, w, 4))`, float in levels 0..255, crop with straight alpha.

    h, w multiples of 8. Returns the face, (N, h, w, 3) in 0..1, NOT clamped: training clamps by `networks.Within`,
    deployment by a plain clamp. A new network returns the crop itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear((CHANNELS + COLOURS + 1) * CELL**2, WIDTHS[0])
        self.downs = nn.ModuleList(conv(a, b, stride=2) for a, b in pairwise(WIDTHS))
        self.levels = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(count))) for width, count in zip(WIDTHS, BLOCKS, strict=True)
        )
        self.ups = nn.ModuleList(Up(b, a) for a, b in reversed(list(pairwise(WIDTHS))))
        self.head = nn.Linear(WIDTHS[0], COLOURS * CELL**2)
        nn.init.kaiming_normal_(self.stem.weight, a=SLOPE)
        for zero in (self.stem.bias, self.head.weight, self.head.bias):
            nn.init.zeros_(zero)

    def forward(self, face_map: Tensor, crop: Tensor) -> Tensor:
        colours, matte = crop[..., :COLOURS], crop[..., COLOURS:]
        # Premultiplied: what lies outside the matte is never seen.
        seen = torch.cat([face_map, colours * matte * (1 / 255), matte], 3)
        x = F.leaky_relu(self.stem(_to_cells(seen * (1 / 255))), SLOPE).permute(0, 3, 1, 2)
        x = self.levels[0](x)
        skips = []
        for down, level in zip(self.downs, self.levels[1:], strict=True):  # type: ignore[arg-type]
            skips.append(x)
            x = level(down(x))
        for up in self.ups:
            x = up(x, skips.pop())
        residual = _from_cells(self.head(x.permute(0, 2, 3, 1)))
        with torch.autocast(crop.device.type, enabled=False):  # rounding would show in flat areas
            return colours.float() * (1 / 255) + residual.float()


class DeployedFace(nn.Module):
    """The face network as it is exported: uint8 NHWC in and out, batch 1, shapes fixed by the trace.

    `forward(face_map (1, 128, 128, 9), crop (1, 128, 128, 4)) -> face (1, 128, 128, 3)`, all uint8, rounded. The cast
    is the first node on each input and the last on the output, for TensorRT.
    """

    def __init__(self, network: FaceNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, face_map: Tensor, crop: Tensor) -> Tensor:
        face = self.network(face_map.float(), crop.float())
        return torch.clamp(face * 255 + 0.5, 0, 255).to(torch.uint8)  # the cast cuts off, so this rounds


def _to_cells(picture: Tensor) -> Tensor:
    """(N, H, W, C) -> (N, H/4, W/4, 16C)."""
    n, height, width, channels = picture.shape
    rows = picture.reshape(n, height // CELL, CELL, width // CELL, CELL * channels)
    return rows.permute(0, 1, 3, 2, 4).reshape(n, height // CELL, width // CELL, CELL**2 * channels)


def _from_cells(cells: Tensor) -> Tensor:
    """(N, H/4, W/4, 48) -> (N, H, W, 3)."""
    n, h, w, _ = cells.shape
    rows = cells.reshape(n, h, w, CELL, CELL * COLOURS)
    return rows.permute(0, 1, 3, 2, 4).reshape(n, h * CELL, w * CELL, COLOURS)

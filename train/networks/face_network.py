"""The face network: face map + the generator's own face -> a better face, as a residual on the 128x128 crop.

Every convolution runs at a quarter of the crop's size or below (half the size took 1.4 times as long). A new network
changes nothing, to the bit: its last layer is zero (with the usual initialisation it would start as strong noise).
"""

import torch
from torch import Tensor, nn

from live.puppet.drawing.face_map import CHANNELS
from train.networks.networks import CELL, CellNetwork, GeneratorShape, from_cells, to_cells

COLOURS = 3
SHAPE = GeneratorShape(widths=(64, 96), blocks=(1, 2))  # at 1/4 and 1/8 of the crop


class FaceGenerator(CellNetwork):
    """`forward(face_map (N, h, w, 9), crop (N, h, w, 4))`, float in levels 0..255, crop with straight alpha.

    h, w multiples of 8. Returns the face, (N, h, w, 3) in 0..1, NOT clamped: training clamps with
    `ClampStraightThrough`, deployment with a plain clamp. A new network returns the crop itself.
    """

    def __init__(self) -> None:
        super().__init__((CHANNELS + COLOURS + 1) * CELL**2, SHAPE, COLOURS * CELL**2)

    def forward(self, face_map: Tensor, crop: Tensor) -> Tensor:
        colours, matte = crop[..., :COLOURS], crop[..., COLOURS:]
        # Premultiplied: nothing outside the matte is seen.
        seen = torch.cat([face_map, colours * matte * (1 / 255), matte], 3)
        residual = from_cells(self.through(to_cells(seen)))
        with torch.autocast(crop.device.type, enabled=False):  # rounding would show in flat areas
            return colours.float() * (1 / 255) + residual.float()


class DeployedFace(nn.Module):
    """The face network as it is exported: uint8 NHWC in and out, batch 1, shapes fixed by the trace.

    `forward(face_map (1, 128, 128, 9), crop (1, 128, 128, 4)) -> face (1, 128, 128, 3)`, all uint8, rounded. The cast
    is the first node on each input and the last on the output, for TensorRT.
    """

    def __init__(self, network: FaceGenerator) -> None:
        super().__init__()
        self.network = network

    def forward(self, face_map: Tensor, crop: Tensor) -> Tensor:
        face = self.network(face_map.float(), crop.float())
        return torch.clamp(face * 255 + 0.5, 0, 255).to(torch.uint8)  # the cast truncates, so this rounds

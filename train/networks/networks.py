"""The temporal generator: pose map + doll + its own previous frame -> the next frame, as a residual on the doll.

Every convolution runs at a quarter of the canvas or below. Pictures enter and leave as cells (the 4x4 pixels of each
channel in one position), so nothing is ever convolved at full size. It uses batch norm, which export folds away:
without it, 300 steps lowered the loss only 0.6 times as far. Residual branches start at zero.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from train.errors import TrainError
from train.networks.batch_norm import BatchNorm

CELL = 4  # canvas pixels per position of the network, in each direction
CHANNELS = 4  # red, green, blue, matte
CELLS = CHANNELS * CELL**2
STRIDE = 32  # canvas and crop sides are multiples of this

# The output is STRETCH * sigmoid(x) - MARGIN, clamped: black, white and empty are reached at finite x, where there is
# still a gradient. (Overfitting one batch, 0.05 learned the matte twice as fast as 0.2.)
MARGIN = 0.05
STRETCH = 1 + 2 * MARGIN
# The matte must cross the whole sigmoid where a colour moves only a little, so its residual counts for more.
# (Overfitting one batch, 90 steps: matte L1 0.0271 -> 0.0065; without the gain 0.0242 -> 0.0240.)
MATTE_GAIN = 4.0
LARGEST = 10.0  # residual; beyond it nothing changes, and half precision would overflow in exp()
# The matte may reach this many positions (4 pixels each) beyond the doll: enough for hair and cloth, not for blobs
# beside the legs.
GATE_RADIUS = 4
# The doll's colours bleed this many positions outward, as a start for pixels that the doll leaves empty.
BLEED_RADIUS = 4
FAINT = 1e-4  # weight of the grey used where no colour bleeds to
SLOPE = 0.1  # of the leaky ReLUs
BN_MOMENTUM = 0.02  # batches are small: the shipped statistics average over about 50 steps


@dataclass(frozen=True, slots=True)
class GeneratorShape:
    """Channels at 1/4, 1/8, ... of the canvas, and residual blocks at each (on the way down)."""

    widths: tuple[int, ...]
    blocks: tuple[int, ...]


SHAPES = {
    "lite": GeneratorShape(widths=(64, 64, 128, 192), blocks=(0, 1, 1, 2)),
    "full": GeneratorShape(widths=(120, 160, 256, 256), blocks=(1, 2, 3, 4)),
}


class Block(nn.Module):
    """x + conv(act(conv(x))); the second convolution starts at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = conv(width, width)
        self.outer = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.outer(self.inner(x))


class Up(nn.Module):
    """Twice the size by 1x1 convolution and pixel shuffle, plus the skip of that size, then one 3x3 convolution."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.grow = nn.Conv2d(width_in, width_out * 4, 1)
        self.mix = conv(width_out, width_out)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        return self.mix(F.pixel_shuffle(self.grow(x), 2) + skip)


class CellNetwork(nn.Module):
    """From cells to cells: a U of blocks between two linear layers. A new one's `through` returns zeros."""

    def __init__(self, channels_in: int, shape: GeneratorShape, channels_out: int) -> None:
        super().__init__()
        widths = shape.widths
        self.stem = nn.Linear(channels_in, widths[0])
        self.downs = nn.ModuleList(conv(a, b, stride=2) for a, b in pairwise(widths))
        self.levels = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(count)))
            for width, count in zip(widths, shape.blocks, strict=True)
        )
        self.ups = nn.ModuleList(Up(b, a) for a, b in reversed(list(pairwise(widths))))
        self.head = nn.Linear(widths[0], channels_out)
        nn.init.kaiming_normal_(self.stem.weight, a=SLOPE)
        for zero in (self.stem.bias, self.head.weight, self.head.bias):
            nn.init.zeros_(zero)

    def through(self, seen: Tensor) -> Tensor:
        """(N, h, w, channels_in), levels 0..255, -> (N, h, w, channels_out)."""
        x = F.leaky_relu(self.stem(seen * (1 / 255)), SLOPE).permute(0, 3, 1, 2)
        x = self.levels[0](x)
        skips = []
        for down, level in zip(self.downs, self.levels[1:], strict=True):  # type: ignore[arg-type]
            skips.append(x)
            x = level(down(x))
        for up in self.ups:
            x = up(x, skips.pop())
        return self.head(x.permute(0, 2, 3, 1))


class ResidualComposer(nn.Module):
    """The fixed part: reads cells, and lays the network's residual on the doll.

    Cells are (N, h, w, 64): the 4x4 pixels of one position, row by row, red green blue alpha of each, in levels 0..255.
    One cheap shuffle turns a (H, W, 4) picture into them. Products with tables of zeros and ones bring alpha to its
    colours, and means to their pixels: cheaper than splitting channels, as all values stay in place.
    """

    def __init__(self) -> None:
        super().__init__()
        pixel, channel = torch.arange(CELLS) // CHANNELS, torch.arange(CELLS) % CHANNELS
        matte, four = channel == CHANNELS - 1, torch.arange(CHANNELS)
        same_pixel = pixel[:, None] == pixel[None]
        self._constant("is_matte", matte)
        self._constant("is_colour", ~matte)
        self._constant("faint_grey", FAINT * torch.tensor([0.5, 0.5, 0.5, 1.0]))
        self._constant("gain", 1 + (MATTE_GAIN - 1) * matte)
        self._constant("alpha_of", (same_pixel & matte[None] & ~matte[:, None]) / 255)  # of each colour, 0..1
        self._constant("mean_of", (channel[None] == four[:, None]) / (255 * CELL**2))
        self._constant("colour_to", (channel[:, None] == four[None]) & ~matte[:, None])
        self._constant("weight_to", (four == CHANNELS - 1)[None] & ~matte[:, None])
        self._constant("gate_to", matte[:, None])

    def _constant(self, name: str, table: Tensor) -> None:
        self.register_buffer(name, table.float(), persistent=False)

    def premultiply(self, cells: Tensor) -> Tensor:
        """Colours times alpha, alpha unchanged; 0..255. Nothing outside the matte comes back in."""
        return cells * F.linear(cells, self.alpha_of, self.is_matte)

    def lay_on(self, doll: Tensor, residual: Tensor, *, gated: bool = True) -> Tensor:
        """(N, h, w, 64) in 0..1 give or take MARGIN: `residual` laid on the doll's logits, the matte gated to the doll.

        Where the doll is empty, its colours bleed in from nearby: starting from black, the network would have to climb
        to skin or cloth at every edge. Too far away for that it is mid-grey; the matte is 0 there anyway.
        """
        alpha = F.linear(doll, self.alpha_of, self.is_matte)
        # (N, 4, h, w) premultiplied colour, and alpha, 0..1.
        mean = F.linear(doll * alpha, self.mean_of).permute(0, 3, 1, 2)
        window = 2 * BLEED_RADIUS + 1
        near = F.avg_pool2d(mean, window, 1, BLEED_RADIUS).permute(0, 2, 3, 1) + self.faint_grey
        bled = F.linear(near, self.colour_to, 0.5 * self.is_matte) / F.linear(near, self.weight_to, self.is_matte)
        drawn = (alpha * 255).clamp(max=1)  # 1 from the faintest alpha on: a new network returns exactly the doll
        base = (doll * (1 / 255) * drawn + bled * (1 - drawn) + MARGIN) / STRETCH
        out = STRETCH * base / (base + (1 - base) * torch.exp(-residual)) - MARGIN  # = sigmoid(residual + logit(base))
        if not gated:
            return out
        cover = (mean[:, CHANNELS - 1 :] * (255 * CELL**2)).clamp(max=1)
        gate = F.max_pool2d(cover, 2 * GATE_RADIUS + 1, 1, GATE_RADIUS).permute(0, 2, 3, 1)
        return out * F.linear(gate, self.gate_to, self.is_colour)


class ClampStraightThrough(torch.autograd.Function):
    """Clamp to 0..1; the gradient is cut only where it would push further out, so that values outside can return."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(values)
        return values.clamp(0, 1)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        (values,) = ctx.saved_tensors
        outward = ((values < 0) & (gradient > 0)) | ((values > 1) & (gradient < 0))
        return gradient.masked_fill(outward, 0)


class Generator(CellNetwork):
    """One step of the recurrent generator, on cells (see `ResidualComposer`).

    `forward(pose_map, doll, previous)`: pose_map (N, h, w, C), doll and previous (N, h, w, 64) with straight alpha, all
    float in levels 0..255; h, w multiples of 8. Returns (N, h, w, 64), RGB and matte in 0..1, NOT clamped (up to MARGIN
    outside): training clamps with `ClampStraightThrough`, deployment plainly. A new network returns the doll itself.

    For comparison only: without `uses_doll` it draws from the pose map alone (nothing to lay a residual on, no gate);
    without `temporal` it never sees its previous frame.
    """

    def __init__(
        self, pose_map_channels: int, preset: str = "lite", *, uses_doll: bool = True, temporal: bool = True
    ) -> None:
        if preset not in SHAPES:
            raise TrainError("no such network preset", got=preset, wanted=" or ".join(SHAPES))
        super().__init__(pose_map_channels + 2 * CELLS, SHAPES[preset], CELLS)
        self.uses_doll, self.temporal = uses_doll, temporal
        self.picture = ResidualComposer()

    def forward(self, pose_map: Tensor, doll: Tensor, previous: Tensor) -> Tensor:
        doll = doll if self.uses_doll else torch.zeros_like(doll)
        previous = previous if self.temporal else torch.zeros_like(previous)
        seen = torch.cat([pose_map, self.picture.premultiply(doll), self.picture.premultiply(previous)], 3)
        residual = (self.through(seen) * self.picture.gain).clamp(-LARGEST, LARGEST)
        with torch.autocast(doll.device.type, enabled=False):  # half a level of rounding would show in flat areas
            return self.picture.lay_on(doll.float(), residual.float(), gated=self.uses_doll)


class DeployedGenerator(nn.Module):
    """The generator as it is exported: uint8 NHWC in and out, batch 1, shapes fixed by the trace.

    `forward(pose_map (1, H/4, W/4, C), doll (1, H, W, 4), previous (1, H, W, 4)) -> frame (1, H, W, 4)`, all uint8;
    frame is RGB and matte, rounded. The cast is the first node on each input and the last on the output, for TensorRT.
    """

    def __init__(self, generator: nn.Module) -> None:
        super().__init__()
        self.generator = generator

    def forward(self, pose_map: Tensor, doll: Tensor, previous: Tensor) -> Tensor:
        cells = self.generator(pose_map.float(), to_cells(doll.float()), to_cells(previous.float()))
        levels = torch.clamp(cells * 255 + 0.5, 0, 255)  # the cast truncates, so this rounds
        return from_cells(levels).to(torch.uint8)


def to_cells(picture: Tensor) -> Tensor:
    """(N, H, W, C) -> (N, H/4, W/4, 16C)."""
    n, height, width, channels = picture.shape
    rows = picture.reshape(n, height // CELL, CELL, width // CELL, CELL * channels)
    return rows.permute(0, 1, 3, 2, 4).reshape(n, height // CELL, width // CELL, CELL**2 * channels)


def from_cells(cells: Tensor) -> Tensor:
    """(N, H/4, W/4, 16C) -> (N, H, W, C)."""
    n, h, w, size = cells.shape
    channels = size // CELL**2
    rows = cells.reshape(n, h, w, CELL, CELL * channels)
    return rows.permute(0, 1, 3, 2, 4).reshape(n, h * CELL, w * CELL, channels)


def conv(width_in: int, width_out: int, *, stride: int = 1) -> nn.Sequential:
    """3x3 convolution with zero padding, batch norm (folded into it at export), leaky ReLU; He initialisation."""
    layer = nn.Conv2d(width_in, width_out, 3, stride, 1, bias=False)
    nn.init.kaiming_normal_(layer.weight, a=SLOPE)
    return nn.Sequential(layer, BatchNorm(width_out, momentum=BN_MOMENTUM), nn.LeakyReLU(SLOPE))


def count_parameters(network: nn.Module) -> int:
    """Trainable numbers in the network."""
    return sum(p.numel() for p in network.parameters())


def count_flops(network: nn.Module, *inputs: Tensor) -> int:
    """2 x multiply-accumulates of all convolutions for these inputs (transposed ones counted at input positions)."""
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        network(*inputs)
    return counter.get_total_flops()

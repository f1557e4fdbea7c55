"""Cuts a part out of a picture at another size and at a subpixel position, without a jump when either changes.

Each new pixel is the exact mean, over its own area, of the picture interpolated linearly between pixel centres. So a
cut that moves or grows a little changes only a little, unlike with library functions that use whole sample counts.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, F64
from live.puppet.compiler import numba


def resample(picture: NDArray[Any], *, x0: float, y0: float, step: float, size: tuple[int, int]) -> F32:
    """A new (height, width, C) float32 array: `size` (width, height) pixels, each `step` pixels of `picture` wide.

    `picture`: (H, W, C), any type; its edge is repeated outwards. (x0, y0): the cut's corner; the picture's first pixel
    covers 0..1.
    """
    width, height = size
    left, right = _needed(x0, width * step, picture.shape[1])
    top, bottom = _needed(y0, height * step, picture.shape[0])
    part = picture[top:bottom, left:right].astype(np.float32)
    # Mixing whole rows is fast, so the picture is transposed to mix its columns the same way.
    upright = np.zeros((height, *part.shape[1:]), np.float32)
    _mix_rows(_lines(part), *_weights(y0 - top, step, height), _lines(upright))
    on_side = np.zeros((width, height, part.shape[2]), np.float32)
    _mix_rows(_lines(upright.transpose(1, 0, 2)), *_weights(x0 - left, step, width), _lines(on_side))
    return np.ascontiguousarray(on_side.transpose(1, 0, 2))


def _needed(start: float, length: float, whole: int) -> tuple[int, int]:
    """The range of source pixels that the new ones may need; never empty."""
    first = min(max(math.floor(start) - 2, 0), whole - 1)
    return first, min(max(math.ceil(start + length) + 2, first + 1), whole)


def _lines(picture: F32) -> F32:
    """(H, W, C) -> (H, W * C), contiguous."""
    return np.ascontiguousarray(picture).reshape(len(picture), -1)


def _weights(start: float, step: float, count: int) -> tuple[NDArray[np.int64], F32]:
    """(count,) first source pixel of each new one, and (count, taps) weights from there on, which add up to 1."""
    low = start + np.arange(count) * step
    first = np.floor(low - 0.5).astype(np.int64)
    from_centre = low[:, None] - (first[:, None] + np.arange(math.ceil(step) + 3) + 0.5)
    weights = (_tent_up_to(from_centre + step) - _tent_up_to(from_centre)) / step
    return first, weights.astype(np.float32)


def _tent_up_to(u: F64) -> F64:
    """The area under max(0, 1 - |x|) left of `u`."""
    u = np.clip(u, -1.0, 1.0)
    return np.where(u < 0, 0.5 * (u + 1) * (u + 1), 1.0 - 0.5 * (1 - u) * (1 - u))


@numba.njit(nogil=True, cache=True)
def _mix_rows(lines: F32, first: NDArray[np.int64], weights: F32, out: F32) -> None:
    """Add to row n of `out` (N, L) the weighted sum of `lines` (M, L) from row `first[n]` on; edges are repeated."""
    for n in range(weights.shape[0]):
        for k in range(weights.shape[1]):
            weight, row = weights[n, k], min(max(first[n] + k, 0), lines.shape[0] - 1)
            if weight > 0:
                for x in range(lines.shape[1]):
                    out[n, x] += weight * lines[row, x]

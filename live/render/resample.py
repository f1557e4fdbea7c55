"""Cuts a part out of a picture at another size and at a subpixel position, without a jump when either changes.

Each new pixel is the exact mean, over its own area, of the picture interpolated linearly between pixel centres. So a
cut that moves or grows a little changes only a little, unlike with library functions that use whole sample counts.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32
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
    upright = _mix_rows(_lines(part), *_weights(y0 - top, step, height)).reshape(height, right - left, -1)
    on_side = _mix_rows(_lines(upright.transpose(1, 0, 2)), *_weights(x0 - left, step, width))
    return np.ascontiguousarray(on_side.reshape(width, height, -1).transpose(1, 0, 2))


def _needed(start: float, length: float, whole: int) -> tuple[int, int]:
    """The range of source pixels that the new ones may need; never empty."""
    first = min(max(math.floor(start) - 2, 0), whole - 1)
    return first, min(max(math.ceil(start + length) + 2, first + 1), whole)


def _lines(picture: F32) -> F32:
    """(H, W, C) -> (H, W * C), contiguous."""
    return np.ascontiguousarray(picture).reshape(len(picture), -1)


@numba.njit(nogil=True, cache=True)
def _weights(start: float, step: float, count: int) -> tuple[NDArray[np.int64], F32]:
    """(count,) first source pixel of each new one, and (count, taps) weights from there on, which add up to 1."""
    taps = int(math.ceil(step)) + 3
    first, weights = np.empty(count, np.int64), np.empty((count, taps), np.float32)
    for i in range(count):
        low = start + i * step
        first[i] = math.floor(low - 0.5)
        for k in range(taps):
            centre = first[i] + k + 0.5
            weights[i, k] = (_tent_up_to(low + step - centre) - _tent_up_to(low - centre)) / step
    return first, weights


@numba.njit(nogil=True, cache=True)
def _tent_up_to(u: float) -> float:
    """The area under max(0, 1 - |x|) left of `u`."""
    u = min(max(u, -1.0), 1.0)
    return 0.5 * (u + 1) * (u + 1) if u < 0 else 1.0 - 0.5 * (1 - u) * (1 - u)


@numba.njit(nogil=True, cache=True)
def _mix_rows(lines: F32, first: NDArray[np.int64], weights: F32) -> F32:
    """A new (N, L) array: row n is the weighted sum of `lines` (M, L) from row `first[n]` on; edges are repeated."""
    out = np.zeros((weights.shape[0], lines.shape[1]), np.float32)
    for n in range(weights.shape[0]):
        for k in range(weights.shape[1]):
            weight, row = weights[n, k], min(max(first[n] + k, 0), lines.shape[0] - 1)
            if weight > 0:
                for x in range(lines.shape[1]):
                    out[n, x] += weight * lines[row, x]
    return out

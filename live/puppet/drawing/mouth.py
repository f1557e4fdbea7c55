"""The mouth on the canvas: its place and its key. A head has a view for each turn; the lips move on their own.

It is drawn over the head, so that the doll speaks. Points are those of iBUG-68 within the 70 face points.
"""

import numpy as np

from engines.arrays import F32, F64
from live.puppet import topology as T
from live.puppet.compiler import numba

_RIGHT, _UPPER, _LEFT, _LOWER = (T.FACE.start + n for n in (48, 51, 54, 57))  # corners and midpoints of the outer lips
_INNER_UPPER, _INNER_LOWER = T.FACE.start + 62, T.FACE.start + 66
# Weights in the key, in torso lengths: lips opened by a tenth of a head, or drawn in by as much, count like a head that
# turns from the front to the side.
_OPEN, _WIDE, _TURN = 8.0, 4.0, 3.0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def mouth_found(scores: F32, valid_score: float) -> bool:
    """Whether the lips were found."""
    outer = min(min(scores[_RIGHT], scores[_LEFT]), min(scores[_UPPER], scores[_LOWER]))
    return bool(min(outer, min(scores[_INNER_UPPER], scores[_INNER_LOWER])) >= valid_score)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def mouth_place(
    points: F32, dx: float, dy: float, turn: tuple[float, float, float], size: float, key: F64
) -> tuple[float, float]:
    """The middle of the lips on a head whose downward direction is (dx, dy) and whose `turn` is ears, yaw, pitch.

    Fills `key`: open, wide, yaw, pitch. `points` (137, 2) and `size`, the torso length, are in pixels.
    """
    x = 0.25 * (points[_RIGHT, 0] + points[_LEFT, 0] + points[_UPPER, 0] + points[_LOWER, 0])
    y = 0.25 * (points[_RIGHT, 1] + points[_LEFT, 1] + points[_UPPER, 1] + points[_LOWER, 1])
    gx, gy = points[_INNER_LOWER, 0] - points[_INNER_UPPER, 0], points[_INNER_LOWER, 1] - points[_INNER_UPPER, 1]
    wx, wy = points[_LEFT, 0] - points[_RIGHT, 0], points[_LEFT, 1] - points[_RIGHT, 1]
    key[0] = _OPEN * max(gx * dx + gy * dy, 0.0) / size
    key[1] = _WIDE * np.sqrt(wx * wx + wy * wy) / size
    key[2], key[3] = _TURN * turn[1], _TURN * turn[2]
    return x, y

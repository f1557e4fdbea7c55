"""The hand's direction, and its key: ten of its points, see `fit`."""

import numpy as np

from engines.arrays import F32, F64
from live.puppet.compiler import numba
from live.puppet.drawing.fit import put

POINTS = (2, 4, 5, 8, 9, 12, 13, 16, 17, 20)  # of 21: knuckle and tip of each finger, thumb first
MIDDLE_KNUCKLE = 9
_MIN_PALM = 0.06  # torso lengths; a shorter palm is seen end-on and has no direction of its own
_POINTS = np.array(POINTS, np.int64)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def hand_found(scores: F32, first: int, valid_score: float) -> bool:
    """Whether the hand whose 21 points begin at `first` was found, that is, its wrist and middle knuckle were."""
    return bool(min(scores[first], scores[first + MIDDLE_KNUCKLE]) >= valid_score)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def hand_axis(
    points: F32, scores: F32, first: int, valid_score: float, dx: float, dy: float, size: float, key: F64
) -> tuple[float, float]:
    """Direction of a found hand: wrist to middle knuckle, or (dx, dy), the forearm's, for a palm seen end-on.

    Fills `key` (KEY_SIZE,): the points' places along and across that direction from the hand's wrist, in torso lengths;
    (0, 0) for a point that was not found. `points` (137, 2) and `size`, the torso length, are in pixels.
    """
    wx, wy = points[first, 0], points[first, 1]
    hx, hy = points[first + MIDDLE_KNUCKLE, 0] - wx, points[first + MIDDLE_KNUCKLE, 1] - wy
    palm = np.sqrt(hx * hx + hy * hy)
    if palm > _MIN_PALM * size:
        dx, dy = hx / palm, hy / palm
    for n in range(_POINTS.shape[0]):
        joint = first + _POINTS[n]
        key[2 * n], key[2 * n + 1] = 0.0, 0.0
        if scores[joint] >= valid_score:
            put(key, n, (points[joint, 0] - wx) / size, (points[joint, 1] - wy) / size, dx, dy)
    return dx, dy

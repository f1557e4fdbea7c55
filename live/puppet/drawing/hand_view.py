"""The hand's direction, and its key: ten of its points, see `fit`."""

import numpy as np

from engines.arrays import C128, F32, F64
from live.puppet.drawing.fit import point_key

POINTS = (2, 4, 5, 8, 9, 12, 13, 16, 17, 20)  # of 21: knuckle and tip of each finger, thumb first
MIDDLE_KNUCKLE = 9
_MIN_PALM = 0.06  # torso lengths; a shorter palm is seen end-on and has no direction of its own
_POINTS = np.array(POINTS)


def hand_found(scores: F32, first: int, valid_score: float) -> bool:
    """Whether the hand whose 21 points begin at `first` was found, that is, its wrist and middle knuckle were."""
    return bool(min(scores[first], scores[first + MIDDLE_KNUCKLE]) >= valid_score)


def hand_axis(points: C128, first: int, forearm: complex, size: float) -> complex:
    """Direction of a found hand: wrist to middle knuckle, or the `forearm`'s for a palm seen end-on.

    `points` (137,) and `size`, the torso length, are in pixels.
    """
    palm = complex(points[first + MIDDLE_KNUCKLE] - points[first])
    return palm / abs(palm) if abs(palm) > _MIN_PALM * size else forearm


def hand_key(points: C128, scores: F32, first: int, valid_score: float, direction: complex, size: float) -> F64:
    """(KEY_SIZE,) the points' places along and across `direction` from the hand's wrist, in torso lengths."""
    return point_key(
        (points[first + _POINTS] - points[first]) / size, scores[first + _POINTS] >= valid_score, direction
    )

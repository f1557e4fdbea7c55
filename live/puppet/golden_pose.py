"""`golden_pose`: a figure made of fixed numbers for fingerprints and tests, the same on every machine."""

import numpy as np

from live.puppet import topology as T
from live.puppet.values import Pose

# A figure with one arm raised, BODY_25, in hundredths of the picture, x then y.
_BODY = (
    "50 18 50 28 43 28 38 38 36 48 57 28 64 22 68 12 50 52 46 52 45 70 44 88 54 52 56 70 57 88 48 16 52 16 46 17 54 17 "
    "60 92 61 92 56 90 42 92 41 92 45 90"
)


def golden_pose(step: int) -> Pose:
    """The golden figure at frame `step` of 30 a second, in a 640x640 picture, with face and hands, moving a little."""
    points = np.zeros((T.K, 2), np.float32)
    points[T.BODY] = np.array(_BODY.split(), np.float32).reshape(25, 2)
    n = np.arange(70, dtype=np.float32)
    points[T.FACE] = np.stack([47 + n % 7, 14 + n // 10], axis=1)
    for hand, wrist in ((T.L_HAND, T.L_WRIST), (T.R_HAND, T.R_WRIST)):
        k = np.arange(21, dtype=np.float32)
        points[hand] = points[wrist] + np.stack([(k % 4) - 1.5, -(k // 4)], axis=1)
    points = (points * 6.4 + step * np.array([3.0, -2.0])).astype(np.float32)
    return Pose(step, step / 30, points, np.zeros(T.K, np.float32), np.ones(T.K, np.float32), (640, 640))

"""Which texels of a part an arm covers in one sample: hands on the hips must not become part of the trousers."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, F64
from live.puppet import topology as T

COVERED_PARTS = ("torso", "head", "r_thigh", "l_thigh")
ARMS = ((T.R_ELBOW, T.R_WRIST), (T.L_ELBOW, T.L_WRIST))
# In torso lengths: how thick an arm is, how far a hand reaches beyond the wrist, and how thick that is.
FOREARM, REACH, HAND = 0.2, 0.3, 0.34


def covered(frame: F64, points_px: F32, scores: F32, size_px: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(rows, columns): True where a forearm or hand lies over the part, judged by the skeleton.

    `frame`: the part's (2, 3) frame on the canvas, see `parts`; `points_px` (137, 2), `scores` (137,); `shape`: the
    texture's. An arm behind the body counts too: that costs a sample; the opposite mistake would cost the texture.
    """
    rows, columns = shape
    mask = np.zeros(shape, np.uint8)
    per_px = 0.5 * (rows / np.hypot(*frame[:, 0]) + columns / (2 * np.hypot(*frame[:, 1])))  # texels per canvas pixel
    for elbow, wrist in ARMS:
        if min(scores[elbow], scores[wrist]) <= 0:
            continue
        along = (points_px[wrist] - points_px[elbow]).astype(np.float64)
        tip = points_px[wrist] + along / max(float(np.hypot(*along)), 1e-3) * REACH * size_px
        line = np.array([points_px[elbow], points_px[wrist], tip], np.float64)
        uv = np.linalg.solve(frame[:, :2], (line - frame[:, 2]).T).T
        texels = np.stack([(uv[:, 1] + 1) / 2 * columns, uv[:, 0] * rows], axis=1)
        a, b, c = (tuple(int(v) for v in p) for p in np.round(np.clip(texels, -999, 999)))
        cv2.line(mask, a, b, (1,), max(1, round(FOREARM * size_px * per_px)))
        cv2.line(mask, b, c, (1,), max(1, round(HAND * size_px * per_px)))
    return mask > 0

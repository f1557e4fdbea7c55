"""Which part of a torso's texture is surely torso: the field between shoulders and hips. A vote leaves gaps where a
seam or a belt sits a little differently in every sample.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, F64
from live.puppet import topology as T
from train.atlas.cut_out import per_torso, texels_of

SHRUNK = 0.92  # of the field's own size: shoulder seams and outline are left to the vote
WIDENED = 1.1
NECK, SLOPE = 0.22, 0.07  # torso lengths: how thick a neck is, and how far above its joint shoulders and collar reach
ARM, SHOULDER = 0.32, 0.22  # torso lengths: a wide sleeve, and the radius within which it is shoulder


def sleeves(frame: F64, points_px: F32, size_px: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(rows, columns): the upper arms of one sample, where they are beside the torso. They are drawn separately: on the
    torso they would stay behind as wings when the arms move.
    """
    field = trunk_mask(frame, points_px, size_px, shape, WIDENED) > 0
    arms, joints = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    torso = per_torso(frame, size_px, shape)
    for shoulder, elbow in ((T.R_SHOULDER, T.R_ELBOW), (T.L_SHOULDER, T.L_ELBOW)):
        a, b = texels_of(frame, points_px[[shoulder, elbow]], shape)
        cv2.line(arms, a.tolist(), b.tolist(), (1,), max(1, round(ARM * torso)), shift=4)
        cv2.circle(joints, a.tolist(), round(SHOULDER * torso * 16), (1,), -1, shift=4)
    return (arms > 0) & (joints == 0) & ~field


def beside_neck(frame: F64, points_px: F32, size_px: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(rows, columns): what is above one sample's shoulders but not neck: chin and hair move on their own."""
    neck = np.zeros(shape, np.uint8)
    joint_row = _draw_neck(neck, frame, points_px, size_px)
    shoulders = joint_row - SLOPE * per_torso(frame, size_px, shape)
    return (np.arange(shape[0])[:, None] < shoulders) & (neck == 0)


def _draw_neck(mask: NDArray[np.uint8], frame: F64, points_px: F32, size_px: float) -> float:
    """Draw the neck's line, from its joint half way to the ears; returns the row of the joint."""
    shape = (mask.shape[0], mask.shape[1])
    ears = (points_px[T.R_EAR] + points_px[T.L_EAR]) / 2
    a, b = texels_of(frame, np.stack([points_px[T.NECK], (points_px[T.NECK] + ears) / 2]), shape)
    thick = max(1, round(NECK * per_torso(frame, size_px, shape)))
    cv2.line(mask, a.tolist(), b.tolist(), (1,), thick, shift=4)
    return float(a[1]) / 16


def trunk_mask(frame: F64, points_px: F32, size_px: float, shape: tuple[int, int], size: float = SHRUNK) -> F32:
    """(rows, columns) float32, 1 within the field, `size` times as large as its corners, and on the neck above it.

    `frame`: the torso's (2, 3) frame on the canvas, see `parts`; `points_px` (137, 2) of that sample.
    """
    corners = points_px[[T.R_SHOULDER, T.L_SHOULDER, T.L_HIP, T.R_HIP]].astype(np.float64)
    middle = corners.mean(axis=0)
    field = texels_of(frame, (middle + size * (corners - middle)).astype(np.float32), shape)
    mask = np.zeros(shape, np.uint8)
    cv2.fillPoly(mask, [cv2.convexHull(field)], (1,), shift=4)
    _draw_neck(mask, frame, points_px, size_px)
    return mask.astype(np.float32)

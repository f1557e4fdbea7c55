"""Which part of a head's texture is head: above the chin, all but the arms. A vote would cut away hair that flies."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, F64
from live.puppet import topology as T
from train.atlas.cut_out import per_torso, texels_of

ARM, HAND = 0.24, 0.34  # torso lengths: thickness of an arm with its sleeve, and of a hand
REACH = 0.3  # torso lengths that a hand reaches beyond its wrist
# Where chin and neck end, as shares of the way from the ears to the neck's joint, and how softly.
CHIN, COLLAR, SOFT = 0.55, 0.9, 0.1
NECK = 0.26  # torso lengths: how thick a neck is, or as wide as a chibi's ears
FACE, FACE_IN_EARS = 0.6, 0.5  # radius of the face, as a share of that way, or of the ears' distance in a chibi


def head_mask(frame: F64, points_px: F32, scores: F32, size_px: float, shape: tuple[int, int]) -> F32:
    """(rows, columns) float32 0..1: what is above one sample's chin and not an arm: face, hair, hat.

    Nothing else of the figure is up there, so the matte alone decides. `frame`: the head's (2, 3) frame on the canvas,
    see `live.puppet.drawing.parts`; `points_px` (137, 2) and `scores` (137,) of that sample.
    """
    (_, ears), down = _ears_and_way(frame, points_px, shape)
    way = (np.arange(shape[0], dtype=np.float32) + 0.5 - ears) / down
    above = np.repeat(np.clip((CHIN + SOFT - way) / (2 * SOFT), 0, 1)[:, None], shape[1], axis=1)
    return np.where(_arms(frame, points_px, scores, size_px, shape), 0, above).astype(np.float32)


def above_collar(frame: F64, points_px: F32, size_px: float, shape: tuple[int, int]) -> F32:
    """(rows, columns) float32: 1 down to one sample's chin and on its neck, 0 below. Shoulders belong to the torso: a
    head that is shifted to its face would carry a second pair along.
    """
    (_, ears), down = _ears_and_way(frame, points_px, shape)
    way = np.repeat(((np.arange(shape[0], dtype=np.float32) + 0.5 - ears) / down)[:, None], shape[1], axis=1)
    wide = max(NECK * size_px, float(np.hypot(*(points_px[T.L_EAR] - points_px[T.R_EAR]))))
    line = texels_of(frame, np.stack([(points_px[T.L_EAR] + points_px[T.R_EAR]) / 2, points_px[T.NECK]]), shape)
    neck = np.zeros(shape, np.uint8)
    cv2.polylines(neck, [line], False, (1,), round(per_torso(frame, wide, shape)), shift=4)
    ends = np.where(neck > 0, COLLAR, CHIN)
    return np.clip((ends + SOFT - way) / (2 * SOFT), 0, 1).astype(np.float32)


def face_hidden(frame: F64, points_px: F32, scores: F32, size_px: float, shape: tuple[int, int]) -> float:
    """The share of the face, 0..1, that lies under an arm or hand; arguments as for `head_mask`."""
    (x, y), down = _ears_and_way(frame, points_px, shape)
    columns, rows = np.meshgrid(np.arange(shape[1]) + 0.5, np.arange(shape[0]) + 0.5)
    wide = per_torso(frame, float(np.hypot(*(points_px[T.L_EAR] - points_px[T.R_EAR]))), shape)
    face = np.hypot(columns - x, rows - y) < max(FACE * down, FACE_IN_EARS * wide)
    return float(_arms(frame, points_px, scores, size_px, shape)[face].mean()) if face.any() else 1.0


def _ears_and_way(frame: F64, points_px: F32, shape: tuple[int, int]) -> tuple[tuple[float, float], float]:
    """The middle between the ears in texels, x then y, and how many rows below it the neck lies."""
    middle = (points_px[T.L_EAR] + points_px[T.R_EAR]) / 2
    (x, y), (_, neck) = (texels_of(frame, np.stack([middle, points_px[T.NECK]]), shape) / 16).tolist()
    return (x, y), max(neck - y, 1.0)


def _arms(frame: F64, points_px: F32, scores: F32, size_px: float, shape: tuple[int, int]) -> NDArray[np.bool_]:
    mask = np.zeros(shape, np.uint8)
    torso = per_torso(frame, size_px, shape)
    for shoulder, elbow, wrist in ((T.R_SHOULDER, T.R_ELBOW, T.R_WRIST), (T.L_SHOULDER, T.L_ELBOW, T.L_WRIST)):
        if min(scores[shoulder], scores[elbow], scores[wrist]) <= 0:
            continue
        along = points_px[wrist] - points_px[elbow]
        tip = points_px[wrist] + along / max(float(np.hypot(*along)), 1e-3) * REACH * size_px
        line = texels_of(frame, np.stack([points_px[shoulder], points_px[elbow], points_px[wrist], tip]), shape)
        for points, thick in ((line[:3], ARM), (line[2:], HAND)):
            cv2.polylines(mask, [points], False, (1,), max(1, round(thick * torso)), shift=4)
    return mask > 0

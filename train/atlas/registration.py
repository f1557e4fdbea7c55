"""Registers the film's limbs to the atlas, to find the estimator's error.

Its joints are 4-5 px off along a limb at 512 px, which blurs whatever learns from them. In training the picture itself
is available, so the limb's cut-out is slid over its template until it fits. Live has no such picture: this measures
the labels and is never a stage of the puppet.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, F64
from live.puppet import topology as T
from live.puppet.drawing.atlas import Atlas, PartViews
from live.puppet.drawing.parts import BONE, HEAD, PARTS, part_frames
from train.atlas.sample import TakeFrames, rectify

TEXELS_PER_TORSO = 48.0  # coarse: a registration needs no detail
REACH = 0.16  # torso lengths that a limb may slide; larger errors have another cause
MIN_GAIN = 0.06  # share by which the fit must improve before a joint is moved
SMOOTH = 3  # frames of the median over time


@dataclass(frozen=True, slots=True)
class _Template:
    """One view of a part at registration size: (rows, columns, 3) float32 colours and (rows, columns) float32 mask
    0..1.
    """

    colours: F32
    mask: F32
    key: F64


def register(shot: TakeFrames, atlas: Atlas, *, valid_score: float) -> F32:
    """The joints (N, 137, 2) of one shot, corrected by the estimator's error as measured in its pictures.

    Joints move by the mean of their parts' slides; hands and face move along.
    """
    templates = [_templates(views, atlas.extents[p]) for p, views in enumerate(atlas.parts)]
    slides = np.zeros((len(shot.rgba), len(PARTS), 2), np.float32)
    found = np.zeros((len(shot.rgba), len(PARTS)), np.float32)
    for i in range(len(shot.rgba)):
        size = float(shot.size_px[i])
        frames, valid, keys = part_frames(shot.points_px[i], shot.scores[i], size, valid_score, atlas.extents)
        for p in np.flatnonzero(valid):
            if PARTS[p].kind in (BONE, HEAD) and templates[p]:
                slide = _register(np.asarray(shot.rgba[i]), frames[p], keys[p], size, templates[p])
                if slide is not None:
                    slides[i, p], found[i, p] = slide, 1.0
    return _move_joints(shot.points_px, slides, found)


def _templates(views: PartViews, extent: F64) -> list[_Template]:
    found = []
    columns = max(6, round(2 * float(extent[2]) * TEXELS_PER_TORSO))
    for rgba, key in zip(views.rgba, views.keys, strict=True):
        rows = max(6, round(rgba.shape[0] * columns / rgba.shape[1]))
        small = cv2.resize(rgba, (columns, rows), interpolation=cv2.INTER_AREA).astype(np.float32)
        mask = small[..., 3] / 255
        if mask.sum() > 12:
            found.append(
                _Template(np.ascontiguousarray(small[..., :3]), np.ascontiguousarray(mask), key.astype(np.float64))
            )
    return found


def _register(rgba: NDArray[np.uint8], frame: F64, key: F64, size: float, templates: Sequence[_Template]) -> F64 | None:
    """The shift in canvas pixels that lays the part's picture on its template: 0 when none is clearly better, None when
    the fit cannot be measured.
    """
    best = min(templates, key=lambda t: float(((t.key - key) ** 2).sum()))
    rows, columns = best.mask.shape
    along_px, across_px = np.hypot(*frame[:, 0]), np.hypot(*frame[:, 1])
    pad_rows = max(2, round(REACH * size / along_px * rows))
    pad_columns = max(2, round(REACH * size / (2 * across_px) * columns))
    wide = frame.copy()
    wide[:, 0] *= (rows + 2 * pad_rows) / rows
    wide[:, 1] *= (columns + 2 * pad_columns) / columns
    wide[:, 2] -= frame[:, 0] * pad_rows / rows
    patch = rectify(rgba, wide, (rows + 2 * pad_rows, columns + 2 * pad_columns))
    # Black outside the matte: background must not fit by chance.
    colours = np.where(patch[..., 3:] > 127, patch[..., :3], 0).astype(np.float32)
    mask = np.repeat(best.mask[..., None], 3, axis=2)
    cost = cv2.matchTemplate(colours, best.colours, cv2.TM_SQDIFF, mask=mask) / max(float(mask.sum()), 1.0)
    y, x = np.mgrid[-pad_rows : pad_rows + 1, -pad_columns : pad_columns + 1]
    # A mild spring picks the nearest of equal fits; otherwise a uniform sleeve would slide along itself.
    spring = (y / pad_rows) ** 2 + (x / pad_columns) ** 2
    cost = cost * (1 + 0.25 * spring) + 4 * spring
    at = np.unravel_index(int(cost.argmin()), cost.shape)
    here = cost[pad_rows, pad_columns]
    if not np.isfinite(cost[at]) or cost[at] > here * (1 - MIN_GAIN):
        return np.zeros(2) if np.isfinite(here) else None
    dy, dx = float(at[0] - pad_rows), float(at[1] - pad_columns)
    return np.asarray(frame[:, 0] * dy / rows + frame[:, 1] * 2 * dx / columns)


def _move_joints(points: F32, slides: F32, found: F32) -> F32:
    moved = points.copy()
    shifts = np.zeros((len(points), T.K, 2), np.float32)
    votes = np.zeros((len(points), T.K), np.float32)
    for p, part in enumerate(PARTS):
        if part.kind not in (BONE, HEAD):
            continue
        joints = (T.NOSE, T.R_EYE, T.L_EYE, T.R_EAR, T.L_EAR) if part.kind == HEAD else (part.a, part.b)
        for joint in joints:
            shifts[:, joint] += slides[:, p] * found[:, p, None]
            votes[:, joint] += found[:, p]
    shifts /= np.maximum(votes, 1)[..., None]
    for joint, leader in (
        (T.R_HEEL, T.R_ANKLE),
        (T.R_SMALL_TOE, T.R_BIG_TOE),
        (T.L_HEEL, T.L_ANKLE),
        (T.L_SMALL_TOE, T.L_BIG_TOE),
    ):
        shifts[:, joint] = shifts[:, leader]
    shifts[:, T.FACE] = shifts[:, T.NOSE, None]
    shifts[:, T.L_HAND] = shifts[:, T.L_WRIST, None]
    shifts[:, T.R_HAND] = shifts[:, T.R_WRIST, None]
    moved += _median_over_time(shifts, SMOOTH)
    return moved


def _median_over_time(values: F32, window: int) -> F32:
    half = window // 2
    padded = np.pad(values, ((half, half), (0, 0), (0, 0)), mode="edge")
    return np.median(np.stack([padded[i : i + len(values)] for i in range(window)]), axis=0).astype(np.float32)

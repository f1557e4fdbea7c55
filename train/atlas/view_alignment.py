"""Seats the views of an atlas: each is moved within its part to where the film typically shows the same thing.

A view is cut from one frame, and is as far off as that frame's pose was. Over many frames the errors of the poses
cancel out; what remains is the view's own.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engines.arrays import F64, U8
from live.puppet.drawing.atlas import Atlas, PartViews
from live.puppet.drawing.doll import Doll
from train.atlas.sample import TakeFrames
from train.dataset.align import find_flow

FRAMES = 500  # of each shot that are examined
ENOUGH = 12  # frames that must show a view
OPAQUE, POINTS, LEAST = 200, 60, 20  # alpha of texels where the film is read; how many; how many must be on the canvas
Found = dict[tuple[int, int], list[F64]]  # by part and view: rows and columns of texels by which the film is off


def align_views(atlas: Atlas, shots: Sequence[TakeFrames], *, valid_score: float) -> Atlas:
    """The atlas with its textures shifted by what all shots that show a view agree on.

    (In a waist-up shot the hips are guessed and the whole trunk is off by that; the other shot must not inherit it.)
    """
    doll = Doll(atlas, valid_score=valid_score)
    offsets = [_offsets(atlas, doll, shot) for shot in shots]
    parts = []
    for p, part in enumerate(atlas.parts):
        views = [
            _shifted(rgba, _agreed([found[p, v] for found in offsets if len(found[p, v]) >= ENOUGH]))
            for v, rgba in enumerate(part.rgba)
        ]
        parts.append(PartViews(np.stack(views), part.keys))
    return replace(atlas, parts=tuple(parts))


def _offsets(atlas: Atlas, doll: Doll, shot: TakeFrames) -> Found:
    found: Found = defaultdict(list)
    rng = np.random.default_rng(0)
    drawn = np.empty(shot.rgba.shape[1:], np.uint8)
    trusted = np.flatnonzero(shot.weight >= 0.5)
    some = trusted[np.linspace(0, len(trusted) - 1, min(FRAMES, len(trusted))).astype(int)]
    for i in tqdm(some, desc="align views"):
        pose = shot.pose(int(i))
        doll.draw(pose, drawn)
        flow = find_flow(drawn, np.asarray(shot.rgba[i]))
        frames, valid, views = doll.lay(pose)
        for p in np.flatnonzero(valid):
            offset = _offset(atlas.parts[p].rgba[views[p]][..., 3], frames[p], flow, rng)
            if offset is not None:
                found[int(p), int(views[p])].append(offset)
    return found


def _offset(alpha: U8, frame: F64, flow: NDArray[np.float32], rng: np.random.Generator) -> F64 | None:
    """(rows, columns) of texels from a view that lies at `frame` to what the film shows of it; None if too little of it
    is on the canvas.
    """
    rows, columns = np.nonzero(alpha > OPAQUE)
    if not len(rows):
        return None
    some = rng.integers(0, len(rows), POINTS)
    along, across = (rows[some] + 0.5) / alpha.shape[0], 2 * (columns[some] + 0.5) / alpha.shape[1] - 1
    x, y = frame[:, 2:] + frame[:, :1] * along + frame[:, 1:2] * across
    inside = (x >= 0) & (y >= 0) & (x < flow.shape[1]) & (y < flow.shape[0])
    if inside.sum() < LEAST:
        return None
    off = np.median(flow[y[inside].astype(int), x[inside].astype(int)], axis=0)
    u, v = (off @ axis / (axis @ axis) for axis in frame[:, :2].T)
    return np.array([u * alpha.shape[0], v * alpha.shape[1] / 2])


def _agreed(offsets: list[list[F64]]) -> F64:
    """(2,) the smallest of the shots' medians in each direction; 0 where they contradict each other."""
    if not offsets:
        return np.zeros(2)
    medians = np.array([np.median(each, axis=0) for each in offsets])
    one_way = (np.sign(medians) == np.sign(medians[0])).all(axis=0)
    return np.where(one_way, np.sign(medians[0]) * np.abs(medians).min(axis=0), 0.0)


def _shifted(rgba: U8, offset: F64) -> U8:
    """The texture moved by (rows, columns); nothing comes in from outside."""
    if not offset.any():
        return rgba
    alpha = rgba[..., 3:].astype(np.float32) / 255
    premultiplied = np.concatenate([rgba[..., :3] * alpha, 255 * alpha], axis=2)
    matrix = np.array([[1, 0, offset[1]], [0, 1, offset[0]]])
    moved = cv2.warpAffine(premultiplied, matrix, (rgba.shape[1], rgba.shape[0]), flags=cv2.INTER_LINEAR)
    colours = moved[..., :3] * 255 / np.maximum(moved[..., 3:], 1e-3)
    return np.clip(np.round(np.concatenate([colours, moved[..., 3:]], axis=2)), 0, 255).astype(np.uint8)

"""A paper puppet: an atlas of random textures, for the tests of the doll and of what is cut from pictures."""

import cv2
import numpy as np

from engines.arrays import F32, U8
from live.puppet.drawing.atlas import Atlas, PartViews
from live.puppet.drawing.doll import Doll
from live.puppet.drawing.fit import KEY_SIZE
from live.puppet.drawing.parts import EXTENTS, MOUTH, PART_NAMES, PARTS
from live.puppet.values import PlacedPose

TEXELS_PER_TORSO = 96


def blotches(height: int, width: int, *, seed: int, cells: int = 6) -> U8:
    """(height, width, 3) uint8: soft blotches of random colours between 30 and 225, no two places alike."""
    small = np.random.default_rng(seed).uniform(30, 225, (cells, cells, 3)).astype(np.float32)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), np.uint8)


def paper_atlas() -> Atlas:
    """Every part has one view, opaque in a capsule around the bone; but no mouth, which would hide the head."""
    parts = []
    for number, part in enumerate(sorted(PARTS, key=lambda part: part.kind == MOUTH)):
        bone = 0.7 if part.kind == 0 else 0.0
        rows = round((part.before + bone + part.after) * TEXELS_PER_TORSO)
        columns = round(2 * part.half_width * TEXELS_PER_TORSO)
        v, u = np.meshgrid(np.linspace(-1, 1, columns), np.linspace(-1, 1, rows))
        inside = (np.abs(v) < 0.55) & (np.abs(u) < 0.85) & (part.kind != MOUTH)
        rgb = blotches(rows, columns, seed=number)
        rgba = np.dstack([rgb, np.where(inside, 255, 0).astype(np.uint8)])
        parts.append(PartViews(rgba[None], np.zeros((1, KEY_SIZE), np.float32)))
    parts.insert(PART_NAMES.index("mouth"), parts.pop())
    return Atlas(tuple(parts), EXTENTS.copy())


def flat_atlas(colours: dict[str, tuple[int, int, int]]) -> Atlas:
    """Only the named parts are there, each an opaque rectangle of one colour."""
    blank = np.zeros((1, 4, 4, 4), np.uint8)
    parts = []
    for part in PARTS:
        rgba = (
            np.tile(np.array([*colours[part.name], 255], np.uint8), (1, 32, 32, 1)) if part.name in colours else blank
        )
        parts.append(PartViews(rgba, np.zeros((1, KEY_SIZE), np.float32)))
    return Atlas(tuple(parts), EXTENTS.copy())


def draw_doll(atlas: Atlas, placed: PlacedPose, canvas: tuple[int, int]) -> U8:
    """(H, W, 4) uint8 on a canvas (width, height) that held something else before."""
    out = np.full((canvas[1], canvas[0], 4), 99, np.uint8)
    Doll(atlas, valid_score=0.3).draw(placed, out)
    return out


def torso_of(points: F32) -> float:
    """Neck to mid-hip of (137, 2) points."""
    return float(np.linalg.norm(points[1] - points[8]))

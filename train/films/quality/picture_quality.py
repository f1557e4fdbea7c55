"""What is wrong with a take's pictures, whatever their poses: a second figure, a figure cut off, a blurred one."""

from collections.abc import Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from engines.arrays import F32, U8, Bool

SECOND_AREA, SECOND_HEIGHT = 0.25, 0.4  # of the largest piece of the matte: another piece this large is somebody else
CUT_SHARE = 0.04  # of the picture's side that the figure touches
CUT_WEIGHT, EDGE_WEIGHT = 0.3, 0.7
SHARP = 0.35  # of the take's median sharpness; below it a picture is called blurred
MIN_AREA_PX = 400  # smaller figures are not judged


@dataclass(frozen=True, slots=True)
class PictureQuality:
    """`weight`: (N,) float32. `several`, `cut_off`, `blurred`: (N,) bool."""

    weight: F32
    several: Bool
    cut_off: Bool
    blurred: Bool


def judge_pictures(
    frames: Iterable[U8], *, inside: tuple[int, int, int, int], stands: bool, several: Bool
) -> PictureQuality:
    """Judge (H, W, 4) uint8 frames with their matte. `inside`: x0, y0, x1, y1 of the filmed picture on the canvas.

    `stands`: the figure is filmed whole, so the lower edge can cut it off too. `several`: (N,) where somebody else is
    known to be in the picture. Two figures: weight 0. A figure cut off by an edge inside the canvas: CUT_WEIGHT, since
    there the doll has limbs that the picture lacks; cut off by the canvas's own edge: EDGE_WEIGHT. Blurred: its
    sharpness as a share of the median.
    """
    judged = [_look(frame, inside, stands) for frame in frames]
    table = np.array([(second, cut, harmful, sharp) for second, cut, harmful, sharp in judged], np.float64)
    table = table.reshape(-1, 4)
    sharp = table[:, 3]
    known = sharp > 0
    typical = float(np.median(sharp[known])) if known.any() else 1.0
    share = np.where(known, sharp / typical, 1.0)
    blurred = share < SHARP
    both = several | (table[:, 0] > 0)
    cut, harmful = table[:, 1] > 0, table[:, 2] > 0
    weight = np.where(blurred, share, 1.0) * np.where(harmful, CUT_WEIGHT, np.where(cut, EDGE_WEIGHT, 1.0)) * ~both
    return PictureQuality(weight.astype(np.float32), both, cut, blurred)


def _look(frame: U8, inside: tuple[int, int, int, int], stands: bool) -> tuple[bool, bool, bool, float]:
    """Second figure, cut off, cut off inside the canvas, sharpness (0: nothing to judge)."""
    solid = (np.ascontiguousarray(frame[..., 3]) > 127).astype(np.uint8)
    cut, harmful = _cut(solid, inside, stands)
    return _second(solid), cut, harmful, _sharpness(np.ascontiguousarray(frame[..., :3]), solid)


def _second(solid: U8) -> bool:
    small = solid[::4, ::4]
    count, _, stats, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(small))
    if count < 3:
        return False
    order = np.argsort(-stats[1:, cv2.CC_STAT_AREA]) + 1
    (_, _, _, tall, area), (_, _, _, other_tall, other) = stats[order[0]], stats[order[1]]
    return bool(other > SECOND_AREA * area and other_tall > SECOND_HEIGHT * tall)


def _cut(solid: U8, inside: tuple[int, int, int, int], stands: bool) -> tuple[bool, bool]:
    """Whether an edge cuts the figure off, and whether that edge lies inside the canvas."""
    height, width = solid.shape
    x0, y0, x1, y1 = inside
    edges = [(solid[y0:y1, x0], x0 > 2), (solid[y0:y1, x1 - 1], x1 < width - 2), (solid[y0, x0:x1], y0 > 2)]
    if stands:
        edges.append((solid[y1 - 1, x0:x1], y1 < height - 2))
    touched = [within for line, within in edges if line.mean() > CUT_SHARE]
    return bool(touched), any(touched)


def _sharpness(rgb: U8, solid: U8) -> float:
    """Variance of the Laplacian inside the figure, without its outline."""
    core = cv2.erode(solid, np.ones((7, 7), np.uint8)) > 0
    if core.sum() < MIN_AREA_PX:
        return 0.0
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    return float(cv2.Laplacian(grey, cv2.CV_32F)[core].var())

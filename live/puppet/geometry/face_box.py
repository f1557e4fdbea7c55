"""The square around the face, from the body's head joints, in whole pixels or unrounded."""

import math
from dataclasses import dataclass

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.values import FaceBox

MIN_SIDE_PX = 16
# Pairs of joints, and the box side as a multiple of their distance: OpenPose, src/openpose/face/faceDetector.cpp.
_RULE = ((top.NECK, top.NOSE, 2.0), (top.R_EYE, top.L_EYE, 3.0), (top.R_EAR, top.L_EAR, 2.0))


@dataclass(frozen=True, slots=True)
class FaceSquare:
    """A square around the face in canvas pixels: left and top edge, and side; inside the canvas. Not rounded, so that a
    face cut out of a film by it does not shake.
    """

    x0: float
    y0: float
    side: float


def face_box(points: F32, scores: F32, canvas: tuple[int, int]) -> FaceBox | None:
    """The square around the face, fully inside the canvas, or None if no head is seen.

    `points`: (137, 2) canvas pixels; `scores`: (137,), 0 if not valid; `canvas`: (width, height). Its centre is the
    mean of the midpoints neck-nose, eye-eye and ear-ear that are known, its side the mean of 2, 3 and 2 times their
    distances.
    """
    head = _head(points, scores, canvas)
    if head is None:
        return None
    (x, y, side), (width, height) = head, canvas
    whole = min(max(round(side), MIN_SIDE_PX), width, height)
    x0 = min(max(round(x - whole / 2), 0), width - whole)
    y0 = min(max(round(y - whole / 2), 0), height - whole)
    return FaceBox(x0, y0, x0 + whole, y0 + whole)


def face_square(points: F32, scores: F32, canvas: tuple[int, int]) -> FaceSquare | None:
    """Like `face_box`, but unrounded; None if `face_box` is."""
    head = _head(points, scores, canvas)
    if head is None:
        return None
    (x, y, side), (width, height) = head, canvas
    side = min(max(side, MIN_SIDE_PX), width, height)
    return FaceSquare(min(max(x - side / 2, 0.0), width - side), min(max(y - side / 2, 0.0), height - side), side)


def _head(points: F32, scores: F32, canvas: tuple[int, int]) -> tuple[float, float, float] | None:
    """Centre x, y and side; None if no head is seen on the canvas."""
    found = []
    for a, b, factor in _RULE:
        (ax, ay), (bx, by) = points[a].tolist(), points[b].tolist()
        side = factor * math.hypot(ax - bx, ay - by)
        if scores[a] > 0 and scores[b] > 0 and math.isfinite(side):
            found.append(((ax + bx) / 2, (ay + by) / 2, side))
    if not any(scores[j] > 0 for j in (top.NOSE, top.R_EYE, top.L_EYE, top.R_EAR, top.L_EAR)) or not found:
        return None
    x, y, side = (sum(values) / len(found) for values in zip(*found, strict=True))
    return (x, y, side) if 0 <= x < canvas[0] and 0 <= y < canvas[1] else None

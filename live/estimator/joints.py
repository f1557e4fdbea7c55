"""What of a body, a face and two hands belongs to one person in the picture, and what of it can be believed."""

from collections.abc import Sequence

import numpy as np

from engines.arrays import F32
from live.puppet import topology as T
from live.puppet.values import Frame, Pose

# A joint this close to the lower edge (share of the height), with its child joint outside, is not trusted.
EDGE = 0.10
STRAY = 0.2  # of the torso: a hand or face farther than this from the body's wrist or nose belongs to somebody else
# How far out of the picture, in torsos, an arm's joint is still a guess. Up to there the model is off by a tenth to a
# fifth of a torso; what is farther out it pulls back to the edge (docs/measurements.md).
OUTSIDE = 0.3
_ATTACHED = (
    (T.L_HAND, T.L_HAND.start, T.L_WRIST),
    (T.R_HAND, T.R_HAND.start, T.R_WRIST),
    (T.FACE, T.FACE.start + 30, T.NOSE),  # 30: the tip of the nose
)
# MediaPipe's numbers.
_KNEES_AND_ANKLES = ((25, 27), (26, 28))  # left, right
_ARMS = [13, 14, 15, 16]  # elbows and wrists
_SHOULDERS, _HIPS = [11, 12], [23, 24]
_ANCHORS = ((4, 0), (0, 15), (0, 16))  # face, left and right hand: point of the part, point of the body


def pose_of(frame: Frame, body: F32, parts: Sequence[F32 | None], size: tuple[int, int]) -> Pose:
    """The pose in pixels of `frame` of what MediaPipe's models found in it, shrunk to `size`, (width, height).

    `body`: (33, 4) x, y, depth in pixels of that size and visibility. `parts`: face (478, 3), left and right hand
    (21, 3) in those pixels, None where not found. What cannot be believed, or strays from the body, scores 0.
    """
    height, width = frame.image.shape[:2]
    points, scores = T.from_mediapipe(believable(body, size), *parts)
    drop_strays(points, scores)
    points *= width / size[0]
    return Pose(
        frame.frame_id,
        frame.t_capture_s,
        np.ascontiguousarray(points[:, :2]),
        np.ascontiguousarray(points[:, 2]),
        scores,
        (width, height),
    )


def believable(body: F32, size: tuple[int, int]) -> F32:
    """A copy of (33, 4) x, y, depth in pixels and visibility, for a picture of (width, height): visibility 0 for what
    is outside it or pulled to its edge.

    MediaPipe often pulls a knee whose ankle is out of the picture to just inside the edge, with full visibility. Of an
    arm it knows where it goes on: an elbow or wrist just outside keeps a part of its visibility, less the farther out.
    """
    table = body.copy()
    inside = np.isfinite(table).all(axis=1) & (table[:, :2] >= 0).all(axis=1) & (table[:, :2] <= size).all(axis=1)
    for knee, ankle in _KNEES_AND_ANKLES:
        inside[knee] &= bool(inside[ankle]) or table[knee, 1] < (1 - EDGE) * size[1]
    guess = _outside(table[_ARMS, :2], size) / max(_unit(body[_SHOULDERS, :2], body[_HIPS, :2]) * OUTSIDE, 1e-6)
    table[~inside, 3] = 0.0
    table[_ARMS, 3] = body[_ARMS, 3] * np.where(guess <= 1, 1 - guess / 2, 0)  # NaN is no guess either
    return table


def belonging(body: F32, parts: Sequence[F32 | None]) -> list[bool]:
    """Which of face, left and right hand (each (N, 2 or 3) pixels or None) are this body's. `body`: (33, 2 or 3)
    pixels.

    Of two hands on one place the one is its arm's that is nearer to its wrist.
    """
    away = [
        np.inf if part is None else float(np.hypot(*(part[root, :2] - body[anchor, :2])))
        for part, (root, anchor) in zip(parts, _ANCHORS, strict=True)
    ]
    reach = STRAY * _unit(body[_SHOULDERS, :2], body[_HIPS, :2])
    near = [distance <= reach for distance in away]
    left, right = parts[1:]
    if near[1] and near[2] and left is not None and right is not None:
        size = float(np.ptp(left[:, :2], axis=0).max())
        if np.hypot(*(left[:, :2] - right[:, :2]).T).mean() < size / 4:
            near[1 if away[1] > away[2] else 2] = False
    return near


def drop_strays(points_px: F32, scores: F32) -> None:
    """Set the score of a hand or face to 0, in place, if it was found away from the body's wrist or nose.

    The hand model sees hands in balls, skirts and faces; drawn, they would float beside the arm. `points_px`: (137, 2
    or 3) pixels.
    """
    reach = STRAY * _unit(points_px[[T.L_SHOULDER, T.R_SHOULDER], :2], points_px[[T.L_HIP, T.R_HIP], :2])
    for part, root, anchor in _ATTACHED:
        if np.hypot(*(points_px[root, :2] - points_px[anchor, :2])) > reach:
            scores[part] = 0.0


def _unit(shoulders: F32, hips: F32) -> float:
    """The larger of shoulder width and torso, in pixels: a side view does not shrink it. Each (2, 2)."""
    across, down = shoulders[0] - shoulders[1], shoulders.mean(axis=0) - hips.mean(axis=0)
    return float(max(np.hypot(*across), np.hypot(*down)))


def _outside(points: F32, size: tuple[int, int]) -> F32:
    """How far each of (N, 2) points lies out of the picture, in pixels; 0 inside."""
    beyond: F32 = np.maximum(np.maximum(-points, points - np.array(size, np.float32)), 0).max(axis=1)
    return beyond

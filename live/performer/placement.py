"""`PlacementOffset`: how far off a figure standing still lands on the canvas."""

from dataclasses import dataclass

import numpy as np

from engines.arrays import F32
from live.puppet import topology as T
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.geometry.normalize import Normalizer
from live.puppet.geometry.retarget import Retargeter
from live.puppet.values import Pose


@dataclass(frozen=True, slots=True)
class Held:
    """Poses of somebody standing still, in order of time.

    `p`: 1 on the near line, 0 on the far line, 0.5 for somebody dancing in one place; None: seen from the waist up.
    """

    poses: tuple[Pose, ...]
    p: float | None


@dataclass(frozen=True, slots=True)
class PlacementOffset:
    """How far a still figure is from the target's own, in canvas pixels.

    `feet_px`: how far the lower ankle is below its line (positive: too low). `head_px`: how far the nose is below its
    place. `shoulders_px`: mean distance of the shoulders from those of the target's median figure, known only for
    figures from the waist up, whose feet and head are None.
    """

    feet_px: float | None
    head_px: float | None
    shoulders_px: float | None

    @property
    def off_px(self) -> float:
        """How far off the figure is: the mean of the known values."""
        known = [abs(value) for value in (self.feet_px, self.head_px, self.shoulders_px) if value is not None]
        return float(np.mean(known))


def placed(performer: BodyStats, target: BodyStats, held: Held, *, valid_score: float = 0.5) -> F32:
    """Where these measures place the figure, unsmoothed: (137, 2) float32 canvas pixels, the median over its poses."""
    normalizer, retargeter = Normalizer(performer, target), Retargeter(performer, target)
    found = []
    for pose in held.poses:
        scores = np.where(pose.scores >= valid_score, pose.scores, np.float32(0)).astype(np.float32)
        points, scale = normalizer.apply(pose.points_px, scores, pose.t_capture_s)
        found.append(retargeter.apply(points, scores, scale))
    return np.asarray(np.median(np.array(found), axis=0), np.float32)


def landing(performer: BodyStats, target: BodyStats, held: Held) -> PlacementOffset:
    """How far off these measures place the figure."""
    points = placed(performer, target, held)
    if held.p is not None and target.has_legs:
        line = target.far_y + held.p * (target.near_y - target.far_y)
        height = target.far_height + held.p * (target.near_height - target.far_height)
        feet = float(points[[T.R_ANKLE, T.L_ANKLE], 1].max())
        return PlacementOffset(feet - line, float(points[T.NOSE, 1]) - (line - height), None)
    half = target.shoulder / 2
    off = [
        float(np.hypot(*(points[joint] - (target.neck_x + side * half, target.neck_y))))
        for joint, side in ((T.R_SHOULDER, -1), (T.L_SHOULDER, 1))
    ]
    return PlacementOffset(None, None, float(np.mean(off)))

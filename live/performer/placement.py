"""`PlacementOffset`: where the figure of one who stands still comes out on the canvas, and how far that is off."""

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
    """Poses of one who stands still, in order of time.

    `p`: on the near line 1, on the far line 0, for one who dances in one place 0.5; None: seen from the waist up.
    """

    poses: tuple[Pose, ...]
    p: float | None


@dataclass(frozen=True, slots=True)
class PlacementOffset:
    """One held figure on the canvas, in canvas pixels; 0 is where the target's own figure is.

    `feet_px`: the lower ankle below its line (positive: too low). `head_px`: the nose below its place.
    `shoulders_px`: mean distance of the shoulders from those of the target's median figure, known from the waist up
    only; there feet and head are None.
    """

    feet_px: float | None
    head_px: float | None
    shoulders_px: float | None

    @property
    def off_px(self) -> float:
        """How far the figure is off: the mean of what is known."""
        known = [abs(value) for value in (self.feet_px, self.head_px, self.shoulders_px) if value is not None]
        return float(np.mean(known))


def placed(performer: BodyStats, target: BodyStats, held: Held, *, valid_score: float = 0.5) -> F32:
    """The held figure by these measures, unsmoothed: (137, 2) float32 canvas pixels, the median over its poses."""
    normalizer, retargeter = Normalizer(performer, target), Retargeter(performer, target)
    found = []
    for pose in held.poses:
        scores = np.where(pose.scores >= valid_score, pose.scores, np.float32(0)).astype(np.float32)
        points, scale = normalizer.apply(pose.points_px, scores, pose.t_capture_s)
        found.append(retargeter.apply(points, scores, scale))
    return np.asarray(np.median(np.array(found), axis=0), np.float32)


def landing(performer: BodyStats, target: BodyStats, held: Held) -> PlacementOffset:
    """How far the held figure is off by these measures."""
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

"""The performer's measures from one single pose: what the puppet dances by in its first second, before statistics
exist.
"""

import numpy as np

from live.puppet import topology as T
from live.puppet.body_stats import BodyStats
from live.puppet.values import Pose


def first_guess(pose: Pose, target: BodyStats, *, valid_score: float) -> BodyStats | None:
    """The target's own build, scaled and moved onto this pose: same proportions, standing where the target usually
    stands.

    By standing height when nose, hips and an ankle are seen and the target has legs, else by shoulder width. Pixels of
    the performer's picture. None when not even the shoulders are seen.
    """
    points = pose.points_px
    seen = (pose.scores >= valid_score) & np.isfinite(points).all(axis=1)
    if not (seen[T.R_SHOULDER] and seen[T.L_SHOULDER]):
        return None
    ankles = [points[j, 1] for j in (T.R_ANKLE, T.L_ANKLE) if seen[j]]
    if ankles and seen[T.NOSE] and seen[T.MID_HIP] and target.has_legs:
        floor = float(max(ankles))
        scale = (floor - float(points[T.NOSE, 1])) / target.size
        anchor_y, own_y = floor, (target.near_y + target.far_y) / 2
        anchor_x, own_x = float(points[T.MID_HIP, 0]), target.hip_x
    else:
        scale = float(np.hypot(*(points[T.R_SHOULDER] - points[T.L_SHOULDER]))) / target.shoulder
        neck = (points[T.R_SHOULDER] + points[T.L_SHOULDER]) / 2
        anchor_y, own_y = float(neck[1]), target.neck_y
        anchor_x, own_x = float(neck[0]), target.neck_x
    if scale <= 0.05:
        return None
    return target.scaled(scale, anchor_x - scale * own_x, anchor_y - scale * own_y)

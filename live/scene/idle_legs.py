"""`IdleLegs`: while a caller's legs are under the desk, the puppet stands on those of its idle loop.

The Completer, shared with training, lets unseen legs hang at rest: a complete figure, but stiff and sliding along with
the trunk. Here, in live only and after placing, the legs shift their weight as the target does and stay on the floor.
"""

import math
from dataclasses import replace

import numpy as np

from engines.arrays import F32
from live.puppet import topology as T
from live.puppet.values import PlacedPose, Pose
from live.scene.idle_loop import IdleLoop

AFTER_S, GLIDE_S = 0.5, 0.6  # how long legs are lost before the loop takes over; how long each transition takes
PLANT_S = 2.0  # time constant with which feet (and unseen hips) follow the trunk, so that swaying leaves them in place
REACH = 0.25  # of the torso: feet farther behind than this follow at once, so that legs are not stretched
_KNEES, _HIPS = [T.R_KNEE, T.L_KNEE], [T.MID_HIP, T.R_HIP, T.L_HIP]
_FEET = [
    *(T.R_ANKLE, T.R_BIG_TOE, T.R_SMALL_TOE, T.R_HEEL),
    *(T.L_ANKLE, T.L_BIG_TOE, T.L_SMALL_TOE, T.L_HEEL),
]
_KNEES_AND_ANKLES = [*_KNEES, T.R_ANKLE, T.L_ANKLE]


class _Planted:
    """A point that follows another slowly."""

    def __init__(self) -> None:
        self._at: F32 | None = None

    def behind(self, point: F32, passed_s: float, reach_px: float) -> F32:
        """The vector from `point` (2,) to where this point is now, at most `reach_px` long."""
        if self._at is None:
            self._at = point.astype(np.float32)
        left = (self._at - point) * math.exp(-passed_s / PLANT_S)
        length = float(np.hypot(*left))
        if length > reach_px:
            left = left * (reach_px / length)
        self._at = (point + left).astype(np.float32)
        return left.astype(np.float32)


class _Share:
    """How much of a body part comes from the loop: 0 to 1, changing smoothly."""

    def __init__(self) -> None:
        self._share = -1.0
        self._lost_s = 0.0

    def step(self, lost: bool, passed_s: float) -> np.float32:
        self._lost_s = self._lost_s + passed_s if lost else 0.0
        if self._share < 0:
            self._share = float(lost)
        elif not lost:
            self._share = max(0.0, self._share - passed_s / GLIDE_S)
        elif self._lost_s >= AFTER_S or self._share == 1.0:
            self._share = min(1.0, self._share + passed_s / GLIDE_S)
        return np.float32(self._share * self._share * (3 - 2 * self._share))


class IdleLegs:
    """Moves legs that are out of view by the idle loop `idle` (of the take that is shown). Not thread-safe.

    `always`: legs in view too, for a seated caller (`--framing half`), whose thighs point at the camera. Hips out of
    view also follow the loop. Everything above the hips stays as placed.
    """

    def __init__(self, idle: IdleLoop, *, always: bool, valid_score: float) -> None:
        self._idle, self._always, self._valid_score = idle, always, valid_score
        self.reset()

    def reset(self) -> None:
        """Forget the performer and start over."""
        self._hips, self._legs = _Share(), _Share()
        self._under_neck, self._under_hips = _Planted(), _Planted()
        self._first_s: float | None = None
        self._last_s = 0.0

    def apply(self, pose: Pose, placed: PlacedPose) -> PlacedPose:
        """`placed`, or a copy with the loop's legs. `pose`: what it was placed from; its scores tell what was seen."""
        t_s = placed.t_capture_s
        if self._first_s is None or t_s < self._last_s:
            self.reset()
            self._first_s = self._last_s = t_s
        passed_s, self._last_s = t_s - self._last_s, t_s
        if min(placed.scores[T.NECK], placed.scores[T.MID_HIP]) < self._valid_score:
            return placed
        seen = pose.scores >= self._valid_score
        lost = self._always or not seen[_KNEES_AND_ANKLES].any()
        hips = self._hips.step(lost and not seen[T.MID_HIP], passed_s)
        legs = self._legs.step(lost, passed_s)
        idle = self._idle.pose(placed.frame_id, t_s, t_s - self._first_s)
        loop = (idle.points_px * np.float32(placed.size_px / idle.size_px)).astype(np.float32)
        known = idle.scores >= self._valid_score
        points, reach_px = placed.points_px.copy(), REACH * placed.size_px
        trunk = self._under_neck.behind(points[T.NECK], passed_s, reach_px)
        if known[[T.NECK, *_HIPS]].all():
            _take(points, _HIPS, loop - loop[T.NECK] + points[T.NECK] + trunk, hips)
        moved = points[T.MID_HIP] - placed.points_px[T.MID_HIP]
        below = self._under_hips.behind(points[T.MID_HIP], passed_s, reach_px)
        points[_KNEES + _FEET] += moved
        standing = loop - loop[T.MID_HIP] + points[T.MID_HIP]
        _take(points, [j for j in _KNEES if known[j]], standing + below / 2, legs)
        _take(points, [j for j in _FEET if known[j]], standing + below, legs)
        return replace(placed, points_px=points)


def _take(points: F32, joints: list[int], loop: F32, share: np.float32) -> None:
    """Move `joints` of `points`, in place, `share` of the way to `loop`; both are (137, 2)."""
    points[joints] += share * (loop[joints] - points[joints])

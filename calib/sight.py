"""`Sight`: what one pose shows of the performer. `Stillness`: whether they hold it."""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from engines.arrays import Bool
from live.puppet import topology as T
from live.puppet.geometry.body_stats import SEEN, STANDING_THIGH, TORSO_PER_SHOULDER
from live.puppet.values import Pose

# Wrists and elbows show whether the arms still move.
_CORE = (
    T.NOSE,
    T.R_SHOULDER,
    T.L_SHOULDER,
    T.R_ELBOW,
    T.L_ELBOW,
    T.R_WRIST,
    T.L_WRIST,
    T.MID_HIP,
    T.R_ANKLE,
    T.L_ANKLE,
)
# Whoever moves by less than this share of the torso from one 0.3 s to the next holds still. Measured on recordings:
# people who stand move by 0.02 to 0.06, dancers at their calmest by 0.08 to 0.25, and never for a whole second.
STILL_SHARE, STILL_WINDOW_S = 0.10, 0.3
# Between the halves of a measured second, trunk and feet may move by this share of the torso: people sway.
SETTLED_SHARE = 0.05
LONGEST_GAP_S = 0.5
_TRUNK = (T.NOSE, T.R_SHOULDER, T.L_SHOULDER, T.MID_HIP, T.R_ANKLE, T.L_ANKLE)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one pose shows. Lengths in pixels of the camera's picture; 0 if not seen.

    person: nose and shoulders are seen. whole: hips, knees and ankles too. upright: whole, and standing. torso_px: neck
    to mid-hip, estimated from the shoulders if no hip is seen. floor_y: the lower ankle. height_px: nose to floor.
    """

    person: bool
    whole: bool
    upright: bool
    torso_px: float
    shoulder_px: float
    floor_y: float
    height_px: float

    @property
    def facing(self) -> bool:
        """Whether they face the camera: the shoulders are about as wide as they should be for this torso."""
        return self.shoulder_px > 0.65 * self.torso_px / TORSO_PER_SHOULDER


def seen_joints(pose: Pose) -> Bool:
    """Which of the 137 joints are seen."""
    return np.asarray((pose.scores >= SEEN) & np.isfinite(pose.points_px).all(axis=1))


def look(pose: Pose) -> Sight:
    """Judge one pose."""
    seen, points = seen_joints(pose), pose.points_px.astype(np.float64)
    if not seen[[T.NOSE, T.NECK, T.R_SHOULDER, T.L_SHOULDER]].all():
        return Sight(False, False, False, 0.0, 0.0, 0.0, 0.0)
    shoulder = float(np.hypot(*(points[T.R_SHOULDER] - points[T.L_SHOULDER])))
    torso = shoulder * TORSO_PER_SHOULDER
    if seen[T.MID_HIP]:
        torso = float(np.hypot(*(points[T.NECK] - points[T.MID_HIP])))
    whole = bool(seen[[T.MID_HIP, T.R_KNEE, T.L_KNEE, T.R_ANKLE, T.L_ANKLE]].all())
    if not whole:
        return Sight(True, False, False, torso, shoulder, 0.0, 0.0)
    nose, neck, hip = (float(points[j, 1]) for j in (T.NOSE, T.NECK, T.MID_HIP))
    knee, ankle = (float(points[[a, b], 1].mean()) for a, b in ((T.R_KNEE, T.L_KNEE), (T.R_ANKLE, T.L_ANKLE)))
    upright = nose < neck < hip < ankle and knee - hip > STANDING_THIGH * (ankle - knee)
    floor = float(points[[T.R_ANKLE, T.L_ANKLE], 1].max())
    return Sight(True, True, upright, torso, shoulder, floor, floor - nose)


class Stillness:
    """Whether the performer has held still for the last 0.6 s, by the poses' own time."""

    def __init__(self) -> None:
        self._poses: deque[Pose] = deque()

    def step(self, pose: Pose, unit_px: float) -> bool:
        """Take in one pose; `unit_px`: the torso's length. False while too little was seen to tell."""
        if self._poses and not 0 <= pose.t_capture_s - self._poses[-1].t_capture_s <= LONGEST_GAP_S:
            self._poses.clear()
        self._poses.append(pose)
        now = pose.t_capture_s
        while now - self._poses[0].t_capture_s > 2 * STILL_WINDOW_S:
            self._poses.popleft()
        before = [p for p in self._poses if now - p.t_capture_s > STILL_WINDOW_S]
        after = [p for p in self._poses if now - p.t_capture_s <= STILL_WINDOW_S]
        if unit_px <= 0 or not before or now - before[0].t_capture_s < 1.5 * STILL_WINDOW_S:
            return False
        seen = _always_seen(self._poses, list(_CORE))
        moved = np.hypot(*(_middle(after) - _middle(before)).T)[seen]
        return bool(seen[:3].all() and moved.max() < STILL_SHARE * unit_px)


def settled(poses: Sequence[Pose]) -> bool:
    """Whether the performer stood in one place in these poses of a second, in order of time."""
    if len(poses) < 4:
        return False
    first, second = list(poses)[: len(poses) // 2], list(poses)[len(poses) // 2 :]
    trunk = list(_TRUNK)
    seen = _always_seen(poses, trunk)
    moved = [np.median([pose.points_px[trunk] for pose in half], axis=0) for half in (first, second)]
    unit = max(look(pose).torso_px for pose in second)
    return bool(seen.any() and np.hypot(*(moved[1] - moved[0]).T)[seen].max() < SETTLED_SHARE * unit)


def _always_seen(poses: Iterable[Pose], joints: list[int]) -> Bool:
    """Which of `joints` are seen in every pose; only these are looked at."""
    scores, points = zip(*((pose.scores[joints], pose.points_px[joints]) for pose in poses), strict=True)
    seen = (np.array(scores) >= SEEN) & np.isfinite(np.array(points)).all(axis=2)
    return np.asarray(seen.all(axis=0))


def _middle(poses: list[Pose]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    points = np.array([p.points_px[list(_CORE)] for p in poses], np.float64)
    return np.asarray(points.mean(axis=0))

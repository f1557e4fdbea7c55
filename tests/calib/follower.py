"""Performers who do what the wizard asks, made of one held pose: a drawn figure's, or one of a recorded clip."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from calib.sight import look
from engines.arrays import F32
from live.control.wizard_port import CalibrationWizard, WizardView
from live.puppet import topology as T
from live.puppet.values import Frame, Pose

FPS = 30
WALK_S = 1.5
BLANK = np.zeros((2, 2, 3), np.uint8)
_ARMS = (
    (-1, T.R_SHOULDER, T.R_ELBOW, T.R_WRIST, T.R_HAND),
    (1, T.L_SHOULDER, T.L_ELBOW, T.L_WRIST, T.L_HAND),
)


def stand_at(points: F32, *, floor: float, scale: float, origin: tuple[float, float]) -> F32:
    """The figure moved by perspective: its floor point `origin` (x, y) comes to the line `floor`, `scale` as large."""
    moved = (points - np.array(origin, np.float32)) * np.float32(scale) + np.array((origin[0], floor), np.float32)
    return np.asarray(moved, np.float32)


def arms_out(points: F32) -> F32:
    """The same figure with both arms stretched out sideways, each bone at least half a torso; hands go with wrists."""
    out, least = points.copy(), np.hypot(*(points[T.NECK] - points[T.MID_HIP])) / 2
    for side, shoulder, elbow, wrist, hand in _ARMS:
        upper, fore = np.hypot(*(points[elbow] - points[shoulder])), np.hypot(*(points[wrist] - points[elbow]))
        out[elbow] = out[shoulder] + np.array((side * max(upper, least), 0), np.float32)
        out[wrist] = out[elbow] + np.array((side * max(fore, least), 0), np.float32)
        out[hand] = points[hand] + out[wrist] - points[wrist]
    return out


def mouth_open(points: F32) -> F32:
    """The same figure with its lower inner lip a third of the eyes' distance down."""
    out = points.copy()
    eyes = np.hypot(*(points[T.FACE.start + 36] - points[T.FACE.start + 45]))
    out[T.FACE.start + 66, 1] += eyes / 3
    return out


def seated(points: F32, scale: float) -> tuple[F32, list[int]]:
    """The figure on a chair: lower by a fifth of its height; and the joints that a desk then hides."""
    sight_height = points[[T.R_ANKLE, T.L_ANKLE], 1].max() - points[T.NOSE, 1]
    hidden = [T.R_KNEE, T.R_ANKLE, T.L_KNEE, T.L_ANKLE, *range(T.L_BIG_TOE, T.R_HEEL + 1)]
    return points + np.array((0, sight_height / 5), np.float32), hidden


@dataclass
class Follower:
    """A performer who does what each step asks, and what they truly measure.

    base: the pose that is held. far_scale, near_scale: how large the figure is on its lines, in a perspective whose
    horizon is `horizon` standing heights above its floor. noise_px: on every point. ignores: steps that are not
    followed. reads_s: how long they think before they walk.
    """

    base: Pose
    far_scale: float = 0.85
    near_scale: float = 1.1
    horizon: float = 0.6
    noise_px: float = 1.0
    reads_s: float = 0.0
    ignores: frozenset[str] = frozenset()
    _rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(7))

    def __post_init__(self) -> None:
        self._step, self._since_s, self._scale, self._from = "", 0.0, 1.0, 1.0

    @property
    def floor(self) -> float:
        return look(self.base).floor_y

    def line(self, scale: float) -> float:
        """The floor line where the figure is `scale` as large."""
        height = look(self.base).height_px
        return self.floor + (scale - 1) * self.horizon * height

    def placed(self, scale: float) -> F32:
        x = float(self.base.points_px[T.MID_HIP, 0])
        return stand_at(self.base.points_px, floor=self.line(scale), scale=scale, origin=(x, self.floor))

    def pose(self, t_s: float, asked: str, frame_id: int) -> Pose:
        """What they do at this time, when `asked` is the wizard's step."""
        asked = self._step if asked in self.ignores else asked
        if asked != self._step:
            self._step, self._since_s, self._from = asked, t_s, self._scale
        wanted = {"far": self.far_scale, "near": self.near_scale}.get(asked, self._scale)
        share = min(1.0, max(0.0, t_s - self._since_s - self.reads_s) / WALK_S)
        self._scale = self._from + share * (wanted - self._from)
        points, scores = self.placed(self._scale), self.base.scores.copy()
        if asked == "arms":
            points = arms_out(points)
            scores[[joint for _, *arm, hand in _ARMS for joint in (*arm, *range(hand.start, hand.stop))]] = 1
        if asked == "mouth":
            points = mouth_open(points)
        if asked == "sit":
            points, hidden = seated(points, self._scale)
            scores[hidden] = 0
        points = points + self._rng.normal(0, self.noise_px, points.shape).astype(np.float32)
        return replace(self.base, frame_id=frame_id, t_capture_s=t_s, points_px=points, scores=scores)


def follow(
    wizard: CalibrationWizard, follower: Follower, *, longest_s: float = 240.0
) -> tuple[list[WizardView], list[Pose]]:
    """Run the wizard to its end; all its views and the poses it was given."""
    views: list[WizardView] = []
    poses: list[Pose] = []
    for i in range(int(longest_s * FPS)):
        asked = views[-1].step if views else "camera"
        poses.append(follower.pose(i / FPS, asked, i))
        views.append(wizard.step(poses[-1], Frame(i, i / FPS, BLANK)))
        if views[-1].finished or views[-1].cancelled:
            break
    return views, poses


# When a recorded performer does what: with room for a wizard that begins up to 2 s late or misses frames. What a step
# asks for tells the wizard where in the clip it is, so it waits for the performer and not the other way round.
SCHEDULE = (("stand", 12.0), ("far", 7.0), ("near", 7.0), ("arms", 7.0), ("face", 4.0), ("mouth", 7.0), ("sit", 12.0))
HALF_SCHEDULE = (("stand", 12.0), ("arms", 9.0), ("face", 4.0), ("mouth", 10.0))  # from the waist up, half framing


def scheduled(follower: Follower, schedule: Sequence[tuple[str, float]] = SCHEDULE) -> list[Pose]:
    """The poses of one who goes through the steps by the clock, to be recorded and played as a source."""
    ends = np.cumsum([seconds for _, seconds in schedule])
    times = np.arange(int(ends[-1] * FPS)) / FPS
    asked = [schedule[int(np.searchsorted(ends, t_s, side="right"))][0] for t_s in times]
    return [follower.pose(float(t_s), step, i) for i, (t_s, step) in enumerate(zip(times, asked, strict=True))]

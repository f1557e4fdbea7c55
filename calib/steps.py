"""The steps of the wizard: what each asks for, and whether a pose is the one that was asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from calib.face_shape import OPEN_BY, has_face, mouth_gap
from calib.sight import Sight, look, seen_joints
from live.puppet import topology as T
from live.puppet.geometry.body_stats import TORSO_PER_SHOULDER
from live.puppet.values import Pose

MOVED = 0.03  # of the standing height, on the floor; less does not count as stepping back or coming close
STAY_S = 8.0  # after this the far or near line is where the performer stands, as some dance on the spot
SEATED_BY = 0.12  # of the standing height, by which the neck comes down
ARM_LEVEL, ARM_REACH = 0.35, 0.75  # of the torso: a stretched arm is about 1.0 long

NOBODY = "I cannot see you: step into the picture."
HOLD_STILL = "Good. Hold still."


@dataclass(frozen=True, slots=True)
class Known:
    """What the steps so far have shown, in pixels of the camera's picture; None: not measured yet.

    height_px, floor_px, neck_px: when standing, the height and the y of the lower ankle and of the neck. back_px: the
    ankle's y after stepping back. rest_gap: of the lips, see `mouth_gap`.
    """

    height_px: float | None = None
    floor_px: float | None = None
    neck_px: float | None = None
    back_px: float | None = None
    rest_gap: float | None = None

    @staticmethod
    def of(holds: Mapping[str, tuple[Pose, ...]]) -> "Known":
        """What the measured seconds of the followed steps show."""
        stand, back, rest = holds.get("stand", ()), holds.get("far", ()), holds.get("face", ())
        return Known(
            height_px=_median([look(pose).height_px for pose in stand]),
            floor_px=_median([look(pose).floor_y for pose in stand]),
            neck_px=_median([float(pose.points_px[T.NECK, 1]) for pose in stand]),
            back_px=_median([look(pose).floor_y for pose in back]),
            rest_gap=_median([mouth_gap(pose) for pose in rest if has_face(pose)]),
        )

    @property
    def lines(self) -> tuple[float, ...]:
        """The known ankle lines, for drawing."""
        return tuple(line for line in (self.floor_px, self.back_px) if line)


@dataclass(frozen=True, slots=True)
class StepInput:
    """One pose, what it shows, and what is known so far. passed_s: since the step began."""

    pose: Pose
    sight: Sight
    passed_s: float
    known: Known = Known()


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that the performer is asked to do and hold.

    wrong: None if the pose is right, else what to change ("": nothing, they are on their way). limit_s: for one try.
    needed: nothing can be measured without it; other steps are skipped after their last try. unless_s: standing still
    for this long without doing it means "no, thanks"; None: there is no such choice.
    """

    name: str
    title: str
    text: str
    wrong: Callable[[StepInput], str | None]
    limit_s: float = 20.0
    tries: int = 2
    needed: bool = False
    unless_s: float | None = None


def _standing(scene: StepInput) -> str | None:
    sight = scene.sight
    if not sight.person:
        return NOBODY
    if not sight.whole:
        return "Step back until the camera sees you from head to feet."
    if not sight.upright:
        return "Stand upright, legs straight."
    return None if sight.facing else "Face the camera."


def _from_the_waist(scene: StepInput) -> str | None:
    if not scene.sight.person:
        return NOBODY
    return None if scene.sight.facing else "Face the camera."


def _far(scene: StepInput) -> str | None:
    if (wrong := _standing(scene)) is not None:
        return "Your feet must stay in the picture." if scene.sight.person and not scene.sight.whole else wrong
    moved = _moved(scene, scene.known.floor_px)
    return None if moved < -MOVED or scene.passed_s > STAY_S else ""


def _near(scene: StepInput) -> str | None:
    if (wrong := _standing(scene)) is not None:
        return "Too close: step back until your feet show." if scene.sight.person and not scene.sight.whole else wrong
    moved = _moved(scene, scene.known.back_px or scene.known.floor_px)
    return None if moved > MOVED or scene.passed_s > STAY_S else ""


def _moved(scene: StepInput, from_px: float | None) -> float:
    """How far the feet have moved down the picture since they stood at `from_px`, in standing heights."""
    height = scene.known.height_px
    return 0.0 if from_px is None or not height else (scene.sight.floor_y - from_px) / height


def _arms_out(scene: StepInput) -> str | None:
    if not scene.sight.person:
        return NOBODY
    points, seen = scene.pose.points_px, seen_joints(scene.pose)
    unit = max(scene.sight.torso_px, scene.sight.shoulder_px * TORSO_PER_SHOULDER)
    for side, shoulder, wrist in ((-1, T.R_SHOULDER, T.R_WRIST), (1, T.L_SHOULDER, T.L_WRIST)):
        if not seen[wrist]:
            return "Both hands must be in the picture: step back a little."
        x, y = points[wrist] - points[shoulder]
        if abs(y) > ARM_LEVEL * unit or side * x < ARM_REACH * unit:
            return "Stretch both arms out to the sides, as high as your shoulders."
    return None


def _face(scene: StepInput) -> str | None:
    if not scene.sight.person:
        return NOBODY
    return None if has_face(scene.pose) else "Turn your face to the camera."


def _mouth_open(scene: StepInput) -> str | None:
    if (wrong := _face(scene)) is not None:
        return wrong
    return None if mouth_gap(scene.pose) > (scene.known.rest_gap or 0.0) + OPEN_BY else ""


def _seated(scene: StepInput) -> str | None:
    sight = scene.sight
    if not sight.person:
        return NOBODY
    lowered = float(scene.pose.points_px[T.NECK, 1]) - (scene.known.neck_px or 0.0)
    sits = not sight.upright and (not sight.whole or lowered > SEATED_BY * (scene.known.height_px or 1.0))
    return None if sits else ""


def _median(values: list[float]) -> float | None:
    return float(np.median(values)) if values else None


# The check itself is in `camera_check.py`. One try only: a problem that remains is not worth more time.
CAMERA = Step(
    "camera",
    "Camera",
    "Stand or sit where you will be. The picture is being checked.",
    lambda _: None,
    limit_s=12.0,
    tries=1,
)
STAND = Step(
    "stand",
    "Stand at ease",
    "Stand upright, facing the camera, arms hanging, from head to feet in the picture.",
    _standing,
    tries=3,
    needed=True,
)
STAND_HALF = Step(
    "stand", "At ease", "Sit or stand as in a call, facing the camera.", _from_the_waist, tries=3, needed=True
)
FAR = Step(
    "far",
    "Step back",
    "Walk back as far as you will dance, then stand still. Staying put? Just wait.",
    _far,
    limit_s=25.0,
)
NEAR = Step(
    "near",
    "Come close",
    "Come as close as you will dance, feet in the picture, then stand still. Staying put? Just wait.",
    _near,
    limit_s=25.0,
)
ARMS = Step("arms", "Arms out", "Stretch both arms out to the sides, fingers too.", _arms_out)
ARMS_HALF = Step(
    "arms", "Arms out", "Stretch both arms out to the sides, if there is room.", _arms_out, limit_s=10.0, tries=1
)
FACE = Step("face", "Face at rest", "Look into the camera, mouth closed.", _face, limit_s=12.0, tries=1)
MOUTH = Step("mouth", "Mouth open", "Open your mouth wide.", _mouth_open, limit_s=12.0, tries=1)
SIT = Step(
    "sit",
    "Sit down",
    "Sit down where you sit in calls. Never seated? Just stay standing.",
    _seated,
    limit_s=25.0,
    tries=1,
    unless_s=8.0,
)

WHOLE = (CAMERA, STAND, FAR, NEAR, ARMS, FACE, MOUTH, SIT)
HALF = (CAMERA, STAND_HALF, ARMS_HALF, FACE, MOUTH)

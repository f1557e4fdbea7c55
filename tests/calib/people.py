"""Drawn people for the wizard's tests, and the target they are fitted to."""

from dataclasses import replace
from pathlib import Path

from calib.wizard import Wizard
from live.performer.profile import Profile
from live.puppet import topology as T
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.values import Pose
from live.scene.target import Target, open_target
from tests.live.puppet.figure import figure, pose
from tests.live.tiny_target import write_target

LEGS = (T.R_KNEE, T.R_ANKLE, T.L_KNEE, T.L_ANKLE, *range(T.L_BIG_TOE, T.R_HEEL + 1))


def standing(*, floor: float = 800.0, height: float = 600.0, x: float = 640.0) -> Pose:
    """One who stands, seen from head to feet."""
    return pose(figure(floor=floor, height=height, x=x))


def from_the_waist() -> Pose:
    """One of whom the camera sees no legs."""
    whole = standing(floor=1500.0, height=1200.0)
    scores = whole.scores.copy()
    scores[list(LEGS)] = 0
    return replace(whole, scores=scores)


def tiny(folder: Path, framing: str = "full") -> Target:
    """A target of 128x128; in the half framing it has no legs."""
    target = open_target(str(write_target(folder / "tiny")), "full")
    if framing == "full":
        return target
    stats = target.stats
    bones = (*stats.bones[:6], 0.0, 0.0, 0.0)
    lines = {"near_y": 0.0, "far_y": 0.0, "near_height": 0.0, "far_height": 0.0}
    half: BodyStats = replace(stats, has_legs=False, bones=bones, **lines)
    return replace(target, framing="half", stats=half)


def open_wizard(target: Target, saved: list[Profile]) -> Wizard:
    """A wizard that saves into a list."""
    return Wizard(target, name="me", performer="me", camera="test camera", save=saved.append)

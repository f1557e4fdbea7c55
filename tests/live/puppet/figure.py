"""A drawn-by-numbers person: an upright figure of chosen build, in openpose137, for the tests of the geometry."""

from dataclasses import dataclass

import numpy as np

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.geometry.body_stats import BodyStats, fit_stats
from live.puppet.values import Pose

PICTURE = (1280, 960)


@dataclass(frozen=True, slots=True)
class Build:
    """Lengths as shares of the standing height (nose to ankle); neck + torso + leg make that height."""

    torso: float = 0.33
    leg: float = 0.54
    shoulder: float = 0.10
    arm: float = 0.17
    hip: float = 0.06
    head: float = 0.04
    hand: float = 0.06


def figure(
    *, floor: float, height: float, x: float = 640.0, build: Build | None = None, arms: float = 0.3, lift: float = 0.0
) -> F32:
    """(137, 2) pixels: one who faces the camera, ankles at `floor` - `lift`. `arms`: radians from hanging, sideways."""
    b = build or Build()
    p = np.zeros((top.K, 2))
    p[top.MID_HIP] = 0, -b.leg
    p[top.NECK] = 0, -b.leg - b.torso
    p[top.NOSE] = 0, -1
    sides = (
        (-1, top.R_SHOULDER, top.R_ELBOW, top.R_WRIST, top.R_HIP, top.R_KNEE, top.R_ANKLE, top.R_EYE, top.R_EAR),
        (+1, top.L_SHOULDER, top.L_ELBOW, top.L_WRIST, top.L_HIP, top.L_KNEE, top.L_ANKLE, top.L_EYE, top.L_EAR),
    )
    for side, shoulder, elbow, wrist, hip, knee, ankle, eye, ear in sides:
        along = np.array([side * np.sin(arms), np.cos(arms)])
        p[shoulder] = p[top.NECK] + (side * b.shoulder, 0)
        p[elbow], p[wrist] = p[shoulder] + b.arm * along, p[shoulder] + 2 * b.arm * along
        p[hip] = side * b.hip, -b.leg
        p[knee], p[ankle] = (side * b.hip, -b.leg / 2), (side * b.hip, 0)
        p[eye], p[ear] = p[top.NOSE] + (side * b.head / 2, -b.head / 2), p[top.NOSE] + (side * b.head, 0)
        hand = top.L_HAND if side > 0 else top.R_HAND
        p[hand] = p[wrist] + np.linspace(0, 1, 21)[:, None] * b.hand * along
        toes = (top.L_BIG_TOE, top.L_SMALL_TOE) if side > 0 else (top.R_BIG_TOE, top.R_SMALL_TOE)
        p[list(toes)] = p[ankle] + (side * 0.05, 0.08)
        p[top.L_HEEL if side > 0 else top.R_HEEL] = p[ankle] + (0, 0.03)
    turn = np.linspace(0, 2 * np.pi, 70, endpoint=False)
    p[top.FACE] = p[top.NOSE] + b.head * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    return (p * height + (x, floor - lift)).astype(np.float32)


def pose(points: F32, *, t_s: float = 0.0, scores: F32 | None = None, image_size: tuple[int, int] = PICTURE) -> Pose:
    """A pose of these points, every joint seen unless `scores` says otherwise."""
    seen = np.ones(top.K, np.float32) if scores is None else scores
    return Pose(round(t_s * 30), t_s, points, np.zeros(top.K, np.float32), seen, image_size)


def clip(floors: list[float], heights: list[float], *, build: Build | None = None, x: float = 640.0) -> list[Pose]:
    """A clip at 30 fps: one frame for each floor line and height."""
    pairs = enumerate(zip(floors, heights, strict=True))
    return [pose(figure(floor=f, height=h, x=x, build=build), t_s=i / 30) for i, (f, h) in pairs]


def walker(
    *, near: float, far: float, near_height: float, far_height: float, build: Build | None = None, x: float = 640.0
) -> BodyStats:
    """The statistics of one who stands three seconds on each line, with no walk in between: both lines are exact."""
    floors, heights = [near] * 90 + [far] * 90, [near_height] * 90 + [far_height] * 90
    return fit_stats(clip(floors, heights, build=build, x=x))


def without(*joints: int) -> F32:
    """Scores (137,) of 1, and 0 for these joints."""
    scores = np.ones(top.K, np.float32)
    scores[list(joints)] = 0
    return scores

"""Turns held poses into BodyStats. A pose held on purpose beats a quantile over whatever was seen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calib.sight import look, seen_joints
from live.performer.profile import PoseNoise
from live.puppet import topology as T
from live.puppet.geometry.body_stats import (
    BONE_NAMES,
    BONES,
    LEG_BONES,
    MAX_HEIGHT_SLOPE,
    MIN_DEPTH_OF_HEIGHT,
    MIN_DEPTH_OF_PICTURE,
    BodyStats,
    fit_stats,
)
from live.puppet.geometry.first_guess import PEOPLES_BONES
from live.puppet.values import Pose

Poses = Sequence[Pose]

ARM_BONES = ("upper_arm", "forearm")
# A foot that points at the camera shows no length, so it never counts as shorter than people's feet are.
FOOT_PER_SHANK = PEOPLES_BONES[BONE_NAMES.index("foot")] / PEOPLES_BONES[BONE_NAMES.index("shank")]
_HEAD = (T.R_EAR, T.L_EAR)
_HANDS = tuple((hand.start, hand.start + 9) for hand in (T.L_HAND, T.R_HAND))
# A second difference of white noise has six times its variance; a median absolute deviation is 0.6745 of its sigma.
_NOISE_PER_SECOND_DIFFERENCE = 1 / (0.6745 * np.sqrt(6))


@dataclass(frozen=True, slots=True)
class Taken:
    """The measured seconds of the steps; None: skipped. `everything`: all poses since the wizard started."""

    stand: Poses
    far: Poses | None
    near: Poses | None
    arms: Poses | None
    everything: Poses

    @property
    def upright(self) -> list[Poses]:
        """The holds in which trunk and legs are straight."""
        return [poses for poses in (self.stand, self.far, self.near) if poses]


def measure_whole(taken: Taken) -> BodyStats:
    """The measures of somebody seen from head to feet. Raises PuppetError if too little was seen."""
    base = fit_stats(list(taken.everything))
    floors, heights = (
        np.array([np.median([getattr(look(pose), name) for pose in poses]) for poses in taken.upright])
        for name in ("floor_y", "height_px")
    )
    near_y, far_y, near_height, far_height = _lines(floors, heights, base.image_size[1])
    middle = (near_height + far_height) / 2

    def to_middle(poses: Poses) -> float:
        floor = float(np.median([look(pose).floor_y for pose in poses]))
        return middle / float(np.interp(floor, (far_y, near_y), (far_height, near_height))) if floor > 0 else 1.0

    factors = [to_middle(poses) for poses in taken.upright]
    arms = None if taken.arms is None else (taken.arms, to_middle(taken.arms))
    stats = _with_lengths(base.scaled(middle / base.size), list(zip(taken.upright, factors, strict=True)), arms)
    return replace(
        stats,
        image_size=base.image_size,
        near_y=near_y,
        far_y=far_y,
        near_height=near_height,
        far_height=far_height,
        hip_x=float(np.median([_median(poses, T.MID_HIP)[0] for poses in taken.upright])),
        has_legs=True,
    )


def measure_half(stand: Poses, arms: Poses | None, everything: Poses) -> BodyStats:
    """The measures of somebody seen from the waist up. Raises PuppetError if too little was seen."""
    base = fit_stats(list(everything))
    return _from_the_waist(_with_lengths(base, [(stand, 1.0)], None if arms is None else (arms, 1.0)), stand)


def measure_seated(sat: Poses, standing: BodyStats) -> BodyStats:
    """The seated measures of somebody measured standing: the same body, scaled to the shoulders' present width."""
    shoulder = _held_length(sat, ((T.R_SHOULDER, T.L_SHOULDER),)) or standing.shoulder
    return _from_the_waist(replace(standing.scaled(shoulder / standing.shoulder), image_size=standing.image_size), sat)


def _from_the_waist(stats: BodyStats, held: Poses) -> BodyStats:
    bones = tuple(0.0 if name in LEG_BONES else bone for name, bone in zip(BONE_NAMES, stats.bones, strict=True))
    neck, hips = _median(held, T.NECK), [pose for pose in held if seen_joints(pose)[T.MID_HIP]]
    return replace(
        stats,
        near_y=0.0,
        far_y=0.0,
        near_height=0.0,
        far_height=0.0,
        hip_x=float(_median(hips, T.MID_HIP)[0] if hips else neck[0]),
        neck_x=float(neck[0]),
        neck_y=float(neck[1]),
        has_legs=False,
        bones=bones,
    )


def estimator_noise(holds: Iterable[Poses]) -> PoseNoise:
    """How much the points jitter in held poses: medians over joints and holds."""
    parts = (T.BODY, T.FACE, slice(T.L_HAND.start, T.R_HAND.stop))
    found: tuple[list[float], ...] = ([], [], [])
    for poses in holds:
        if len(poses) < 5:
            continue
        points = np.array([pose.points_px for pose in poses], np.float64)
        seen = np.all([seen_joints(pose) for pose in poses], axis=0)
        second = points[2:] - 2 * points[1:-1] + points[:-2]
        sigma = np.median(np.abs(second), axis=0).mean(axis=1) * _NOISE_PER_SECOND_DIFFERENCE
        for part, values in zip(parts, found, strict=True):
            values.extend(sigma[part][seen[part]])
    return PoseNoise(*(float(np.median(values)) if values else 0.0 for values in found))


def _lines(
    floors: NDArray[np.float64], heights: NDArray[np.float64], picture_height: int
) -> tuple[float, float, float, float]:
    """near_y, far_y, near_height, far_height of somebody who stood on these floors; one line if they are close."""
    near, far = int(floors.argmax()), int(floors.argmin())
    depth = float(floors[near] - floors[far])
    if depth < max(MIN_DEPTH_OF_PICTURE * picture_height, MIN_DEPTH_OF_HEIGHT * float(np.median(heights))):
        line, height = float(np.median(floors)), float(np.median(heights))
        return line, line, height, height
    near_height = float(heights[near])
    far_height = float(np.clip(heights[far], near_height - MAX_HEIGHT_SLOPE * depth, near_height))
    return float(floors[near]), float(floors[far]), near_height, max(far_height, near_height / 3)


def _with_lengths(base: BodyStats, trunk: list[tuple[Poses, float]], arms: tuple[Poses, float] | None) -> BodyStats:
    """`base` with held lengths instead of its quantiles. `trunk`, `arms`: holds, each with its factor to the middle."""

    def held(pairs: tuple[tuple[int, int], ...], holds: list[tuple[Poses, float]], instead: float) -> float:
        lengths = [length * factor for poses, factor in holds if (length := _held_length(poses, pairs)) > 0]
        return max(lengths, default=instead)  # the longest is the one turned away the least

    bones = []
    for name, old in zip(BONE_NAMES, base.bones, strict=True):
        holds = ([] if arms is None else [arms]) if name in ARM_BONES else trunk
        bones.append(held(BONES[name], [] if name == "foot" else holds, old))
    foot, shank = BONE_NAMES.index("foot"), bones[BONE_NAMES.index("shank")]
    bones[foot] = max(bones[foot], FOOT_PER_SHANK * shank)
    neck = _median(trunk[0][0], T.NECK)
    return replace(
        base,
        bones=tuple(bones),
        torso=held(BONES["torso"], trunk, base.torso),
        shoulder=held(((T.R_SHOULDER, T.L_SHOULDER),), trunk, base.shoulder),
        head=held((_HEAD,), trunk, base.head),
        hand=held(_HANDS, [] if arms is None else [arms], base.hand),
        neck_x=float(neck[0]),
        neck_y=float(neck[1]),
    )


def _held_length(poses: Poses, pairs: tuple[tuple[int, int], ...]) -> float:
    """The median length of a bone over a hold, left and right averaged; 0 unless seen in more than half of it."""
    sides = []
    for a, b in pairs:
        lengths = [np.hypot(*(p.points_px[a] - p.points_px[b])) for p in poses if seen_joints(p)[[a, b]].all()]
        if len(lengths) * 2 > len(poses):
            sides.append(float(np.median(lengths)))
    return float(np.mean(sides)) if sides else 0.0


def _median(poses: Poses, joint: int) -> NDArray[np.float64]:
    return np.asarray(np.median([pose.points_px[joint] for pose in poses], axis=0), np.float64)

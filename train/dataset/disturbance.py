"""What live does to poses, done to the poses of a training rollout: noise, lost limbs, dropped frames, other sizes.

No flips: left and right of a target differ, and so do their channels.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32
from live.puppet import topology as T
from live.puppet.values import PlacedPose
from train.dataset.take import Take

# Shares of rollouts with poses refined by registration; as live found them; and refined, plus the error that live made
# elsewhere in the take.
REFINED, FOUND, DISTURBED = 0.75, 0.15, 0.10
STRIDES, STRIDE_SHARES = (1, 2, 3), (0.75, 0.2, 0.05)  # live drops frames (vid2vid: max_t_step)
ZOOM_SHARE, ZOOMS = 0.25, (0.87, 1.35)  # between the framings of the takes
BONE_SPREAD = 0.04  # of a bone's length: performers' proportions are measured a little wrong
# Chance that a group of points is lost within a rollout (vid2vid: random_drop_prob 0.05). Whole limbs are lost less
# often: live completes them (live/puppet/geometry/complete.py), so only hands or faces that were not found stay lost.
HAND_LOST, LIMB_LOST = 0.05, 0.02


def _points(*parts: slice | int) -> NDArray[np.int64]:
    return np.unique(np.concatenate([np.arange(T.K)[np.atleast_1d(np.arange(T.K)[part])] for part in parts]))


LOSABLE = (
    (HAND_LOST, _points(T.R_HAND)),
    (HAND_LOST, _points(T.L_HAND)),
    (HAND_LOST, _points(T.FACE)),
    (LIMB_LOST, _points(T.R_ELBOW, T.R_WRIST, T.R_HAND)),
    (LIMB_LOST, _points(T.L_ELBOW, T.L_WRIST, T.L_HAND)),
    (LIMB_LOST, _points(T.R_KNEE, T.R_ANKLE, T.R_BIG_TOE, T.R_SMALL_TOE, T.R_HEEL)),
    (LIMB_LOST, _points(T.L_KNEE, T.L_ANKLE, T.L_BIG_TOE, T.L_SMALL_TOE, T.L_HEEL)),
)
# Each bone, from the body outward, with the points that hang on its far end.
_ARM_BONES = [
    ((T.R_SHOULDER, T.R_ELBOW), LOSABLE[3][1]),
    ((T.R_ELBOW, T.R_WRIST), _points(T.R_WRIST, T.R_HAND)),
    ((T.L_SHOULDER, T.L_ELBOW), LOSABLE[4][1]),
    ((T.L_ELBOW, T.L_WRIST), _points(T.L_WRIST, T.L_HAND)),
]
_LEG_BONES = [
    ((T.R_HIP, T.R_KNEE), LOSABLE[5][1]),
    ((T.R_KNEE, T.R_ANKLE), _points(T.R_ANKLE, T.R_BIG_TOE, T.R_SMALL_TOE, T.R_HEEL)),
    ((T.L_HIP, T.L_KNEE), LOSABLE[6][1]),
    ((T.L_KNEE, T.L_ANKLE), _points(T.L_ANKLE, T.L_BIG_TOE, T.L_SMALL_TOE, T.L_HEEL)),
]
BONES = _ARM_BONES + _LEG_BONES


@dataclass(frozen=True, slots=True)
class Stretch:
    """The poses of one rollout. `frames`: their numbers in the take."""

    frames: tuple[int, ...]
    poses: tuple[PlacedPose, ...]


def draw_stretch(take: Take, start: int, length: int, stop: int, rng: np.random.Generator) -> Stretch:
    """`length` poses from frame `start` on, some frames apart, none at or after `stop`, disturbed at random."""
    stride = int(rng.choice(STRIDES, p=STRIDE_SHARES))
    stride = max(1, min(stride, (stop - 1 - start) // max(length - 1, 1)))
    if take.weight[start : start + stride * length : stride].min() <= 0:
        stride = 1  # only consecutive frames can be trusted here
    frames = tuple(range(start, start + stride * length, stride))
    kind = rng.choice(3, p=(REFINED, FOUND, DISTURBED))
    poses = [take.placed(frame, refined=kind != 1) for frame in frames]
    if kind == 2:
        poses = _with_errors(
            poses, take, int(rng.integers(0, max(1, len(take.trained_on) - stride * length + 1))), stride
        )
        poses = _with_bones(poses, rng.normal(1.0, BONE_SPREAD, len(BONES)).clip(0.85, 1.15))
    return Stretch(frames, tuple(_lose(poses, rng)))


def zoomed(pose: PlacedPose, zoom: float, centre: NDArray[np.float64]) -> PlacedPose:
    """The pose `zoom` times as large about `centre` (x, y)."""
    points = ((pose.points_px - centre) * zoom + centre).astype(np.float32)
    return PlacedPose(pose.frame_id, pose.t_capture_s, points, pose.scores, pose.size_px * zoom)


def _with_errors(poses: list[PlacedPose], take: Take, donor: int, stride: int) -> list[PlacedPose]:
    """Add the estimator's error, as measured by registration, in the stretch that begins at frame `donor`."""
    changed = []
    for t, pose in enumerate(poses):
        there = donor + t * stride
        error = (take.placed_px[there] - take.registered_px[there]) * np.float32(pose.size_px / take.size_px[there])
        changed.append(_moved(pose, pose.points_px + error))
    return changed


def _with_bones(poses: list[PlacedPose], factors: NDArray[np.float64]) -> list[PlacedPose]:
    changed = []
    for pose in poses:
        points = pose.points_px.copy()
        for ((near, far), hanging), factor in zip(BONES, factors, strict=True):
            points[hanging] += np.float32(factor - 1) * (points[far] - points[near])
        changed.append(_moved(pose, points))
    return changed


def _lose(poses: list[PlacedPose], rng: np.random.Generator) -> list[PlacedPose]:
    """Drop groups of points, from some frame of the rollout to its end."""
    since = [(points, int(rng.integers(0, len(poses)))) for chance, points in LOSABLE if rng.random() < chance]
    if not since:
        return poses
    changed = []
    for t, pose in enumerate(poses):
        scores = pose.scores.copy()
        for points, first in since:
            if t >= first:
                scores[points] = 0
        changed.append(PlacedPose(pose.frame_id, pose.t_capture_s, pose.points_px, scores, pose.size_px))
    return changed


def _moved(pose: PlacedPose, points: F32) -> PlacedPose:
    return PlacedPose(pose.frame_id, pose.t_capture_s, points, pose.scores, pose.size_px)

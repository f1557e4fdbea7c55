"""The performer's measures from a single pose, used in the first second, before there are statistics."""

from dataclasses import replace

import numpy as np

from live.puppet import topology as T
from live.puppet.errors import PuppetError
from live.puppet.geometry.body_stats import HEIGHT_PER_TORSO, TORSO_PER_SHOULDER, BodyStats
from live.puppet.geometry.retarget import LARGE_HEAD
from live.puppet.values import Pose

# People, in torso lengths: medians of four filmed performers; bones in the order of BONE_NAMES, ear to ear, wrist to
# knuckle.
PEOPLES_BONES = (1.0, 0.37, 0.31, 0.52, 0.5, 0.2, 0.82, 0.77, 0.31)
PEOPLES_HEAD, PEOPLES_HAND = 0.25, 0.2


def first_guess(pose: Pose, target: BodyStats, *, valid_score: float) -> BodyStats | None:
    """The target's own build, scaled and moved onto this pose: same proportions, standing where the target usually
    stands. For a cartoon, the guess has the proportions of people instead.

    By standing height if nose, hips and an ankle are seen and the target has legs, else by shoulder width. In pixels of
    the performer's picture. None if not even the shoulders are seen, or the figure is larger than any picture.
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
        torso = scale * target.size / HEIGHT_PER_TORSO
    else:
        scale = float(np.hypot(*(points[T.R_SHOULDER] - points[T.L_SHOULDER]))) / target.shoulder
        neck = (points[T.R_SHOULDER] + points[T.L_SHOULDER]) / 2
        anchor_y, own_y = float(neck[1]), target.neck_y
        anchor_x, own_x = float(neck[0]), target.neck_x
        torso = scale * target.shoulder * TORSO_PER_SHOULDER
    if scale <= 0.05:
        return None
    try:
        guess = target.scaled(scale, anchor_x - scale * own_x, anchor_y - scale * own_y)
        # A larger head is a cartoon's, whose build says nothing about the performer.
        return guess if target.head <= LARGE_HEAD * target.torso else _as_a_person(guess, torso)
    except PuppetError:  # larger, or farther away, than any picture is wide
        return None


def _as_a_person(guess: BodyStats, torso: float) -> BodyStats:
    return replace(
        guess,
        torso=torso,
        shoulder=torso / TORSO_PER_SHOULDER,
        head=torso * PEOPLES_HEAD,
        hand=torso * PEOPLES_HAND,
        bones=tuple(torso * bone for bone in PEOPLES_BONES),
    )

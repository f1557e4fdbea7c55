"""Clip mode: measures somebody who just dances, from whatever a clip shows of them."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from calib.measure import FOOT_PER_SHANK, estimator_noise
from calib.score import held_figures, score
from calib.sight import look
from live.performer.profile import Profile
from live.puppet import topology as T
from live.puppet.geometry.body_stats import BONE_NAMES, BodyStats, fit_stats
from live.puppet.values import Pose
from live.scene.target import Target

UPRIGHT_BONES = ("head", "torso", "thigh", "shank")
FIGURE_FRAMES = 30  # the score takes their median


def fit_clip(poses: Sequence[Pose]) -> BodyStats:
    """Quantiles over all poses, corrected where a dance hides a length: nobody is taller than the sum of their bones.

    Raises PuppetError with fewer than 30 usable poses.
    """
    stats = fit_stats(list(poses))
    if not stats.has_legs:
        return stats
    bones = dict(zip(BONE_NAMES, stats.bones, strict=True))
    factor = max(1.0, stats.size / max(sum(bones[name] for name in UPRIGHT_BONES), 1e-6))
    if min(bones[name] for name in UPRIGHT_BONES) > 0:
        bones |= {name: bones[name] * factor for name in UPRIGHT_BONES}
    bones["foot"] = max(bones["foot"], FOOT_PER_SHANK * bones["shank"])
    return replace(stats, bones=tuple(bones.values()), torso=bones["torso"] or stats.torso)


def clip_profile(poses: Sequence[Pose], target: Target, *, name: str, performer: str, camera: str) -> Profile:
    """The profile of somebody who just dances, scored on the frames in which they stand. Raises PuppetError."""
    stats = fit_clip(poses)
    seen = score(stats, target, held_figures(stats, target.stats, standing(poses, stats)), poses)
    return Profile(
        name=name,
        performer=performer,
        camera=camera,
        mode="clip",
        stats=stats,
        noise=estimator_noise([poses]),
        before_px=seen.before_px,
        after_px=seen.after_px,
    )


def standing(poses: Sequence[Pose], stats: BodyStats) -> list[tuple[Pose, ...]]:
    """For each of the performer's ankle lines, the frames that best show them standing on it; without legs, those with
    the neck at its usual place. At most FIGURE_FRAMES each, in order of time.
    """
    looks = [(pose, look(pose)) for pose in poses]
    if not stats.has_legs:
        usual = (stats.neck_x, stats.neck_y)
        return [_best([(float(np.hypot(*(p.points_px[T.NECK] - usual))), p) for p, s in looks if s.person])]
    lines = {stats.near_y: stats.near_height, stats.far_y: stats.far_height}
    return [
        _best([(abs(s.floor_y - line) + abs(s.height_px - height), pose) for pose, s in looks if s.upright])
        for line, height in lines.items()
    ]


def _best(rated: list[tuple[float, Pose]]) -> tuple[Pose, ...]:
    """The poses with the smallest error, in order of time."""
    best = sorted(rated, key=lambda pair: pair[0])[:FIGURE_FRAMES]
    return tuple(sorted((pose for _, pose in best), key=lambda pose: pose.t_capture_s))

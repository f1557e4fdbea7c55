from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calib.clip import UPRIGHT_BONES, clip_profile, fit_clip, standing
from live.puppet import topology as T
from live.puppet.errors import PuppetError
from live.puppet.geometry.body_stats import BONE_NAMES, fit_stats
from live.puppet.values import Pose
from tests.calib.people import from_the_waist, tiny
from tests.live.puppet.figure import clip

WALKING = clip([800 + 80 * np.sin(i / 40) for i in range(400)], [600 + 80 * np.sin(i / 40) for i in range(400)])


def crouching() -> list[Pose]:
    """One who stands upright in one frame of eight only, the trunk bent in all others."""
    poses = clip([800.0] * 240, [600.0] * 240)
    for i, pose in enumerate(poses):
        if i % 8:
            points = pose.points_px.copy()
            for joint in (T.NOSE, T.NECK, T.R_SHOULDER, T.L_SHOULDER):
                points[joint, 1] += 80
            poses[i] = replace(pose, points_px=points)
    return poses


def test_one_who_stands_is_measured_as_the_loop_would() -> None:
    fitted, plain = fit_clip(WALKING), fit_stats(WALKING)
    assert replace(fitted, bones=plain.bones, torso=plain.torso) == plain
    assert fitted.bones[:8] == pytest.approx(plain.bones[:8], rel=0.02)


def test_nobody_is_taller_than_the_sum_of_their_bones() -> None:
    fitted, plain = fit_clip(crouching()), fit_stats(crouching())
    sums = [sum(stats.bones[BONE_NAMES.index(name)] for name in UPRIGHT_BONES) for stats in (plain, fitted)]
    assert sums[0] < 0.95 * plain.size
    assert sums[1] == pytest.approx(plain.size)
    assert fitted.torso == fitted.bones[0]


def test_the_figures_that_are_scored_stand_on_the_lines() -> None:
    stats = fit_clip(WALKING)
    near, far = standing(WALKING, stats)
    for poses, line in ((near, stats.near_y), (far, stats.far_y)):
        floors = [pose.points_px[[T.R_ANKLE, T.L_ANKLE], 1].max() for pose in poses]
        assert np.median(floors) == pytest.approx(line, abs=8)
        assert [p.t_capture_s for p in poses] == sorted(p.t_capture_s for p in poses)


def test_a_clips_profile_says_that_it_is_one_and_is_scored(tmp_path: Path) -> None:
    profile = clip_profile(WALKING, tiny(tmp_path), name="a", performer="me", camera="walk.mp4")
    assert (profile.mode, profile.camera, profile.seated, profile.face) == ("clip", "walk.mp4", None, None)
    assert profile.after_px is not None and profile.before_px is not None
    assert profile.after_px < profile.before_px


def test_a_clip_from_the_waist_up_is_scored_by_the_shoulders(tmp_path: Path) -> None:
    poses = [replace(from_the_waist(), frame_id=i, t_capture_s=i / 30) for i in range(90)]
    profile = clip_profile(poses, tiny(tmp_path, "half"), name="a", performer="me", camera="c")
    assert not profile.stats.has_legs and profile.after_px == pytest.approx(0, abs=0.5)


def test_a_clip_without_anybody_is_an_error(tmp_path: Path) -> None:
    empty = [Pose.empty(i, i / 30, (640, 480)) for i in range(90)]
    with pytest.raises(PuppetError, match="cannot measure"):
        clip_profile(empty, tiny(tmp_path), name="a", performer="me", camera="c")

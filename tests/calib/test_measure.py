from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calib.measure import FOOT_PER_SHANK, Taken, estimator_noise, measure_half, measure_seated, measure_whole
from live.performer.placement import Held, landing
from live.puppet import topology as T
from live.puppet.errors import PuppetError
from live.puppet.geometry.body_stats import BONE_NAMES, BONES
from live.puppet.values import Pose
from tests.calib.follower import Follower, arms_out
from tests.calib.people import from_the_waist, standing
from tests.live.puppet.figure import walker

RNG = np.random.default_rng(3)
TARGET = walker(near=440, far=400, near_height=310, far_height=270, x=256)


def held(pose: Pose, *, noise_px: float = 1.0, start_s: float = 0.0) -> list[Pose]:
    """A second of this pose, with noise on every point."""
    return [
        replace(
            pose,
            frame_id=i,
            t_capture_s=start_s + i / 30,
            points_px=(pose.points_px + RNG.normal(0, noise_px, (137, 2))).astype(np.float32),
        )
        for i in range(31)
    ]


def taken(follower: Follower) -> Taken:
    """What a wizard takes of this follower."""
    places = [
        replace(follower.base, points_px=follower.placed(s)) for s in (1, follower.far_scale, follower.near_scale)
    ]
    stand, far, near = (held(place, start_s=2.0 * i) for i, place in enumerate(places))
    arms = held(replace(follower.base, points_px=arms_out(follower.base.points_px)), start_s=6.0)
    return Taken(stand, far, near, arms, [*stand, *far, *near, *arms])


@settings(max_examples=25)
@given(st.floats(0.6, 0.95), st.floats(1.02, 1.3), st.floats(0.4, 1.5), st.floats(250, 600), st.floats(300, 900))
def test_one_on_known_lines_is_measured_back(far: float, near: float, horizon: float, height: float, x: float) -> None:
    follower = Follower(standing(floor=700, height=height, x=x), far_scale=far, near_scale=near, horizon=horizon)
    stats = measure_whole(taken(follower))
    if (near - far) * horizon * height < 0.06 * 960:  # nearly one place: one line may be taken
        return
    assert (stats.near_y, stats.far_y) == pytest.approx((follower.line(near), follower.line(far)), abs=1.5)
    assert (stats.near_height, stats.far_height) == pytest.approx((height * near, height * far), rel=0.01)
    assert stats.hip_x == pytest.approx(x, abs=1)


@settings(max_examples=25)
@given(st.floats(0.7, 0.9), st.floats(1.05, 1.2), st.floats(250, 600))
def test_near_and_far_land_on_the_targets_lines(far: float, near: float, height: float) -> None:
    follower = Follower(standing(floor=700, height=height), far_scale=far, near_scale=near, horizon=1.2)
    took = taken(follower)
    stats = measure_whole(took)
    for poses, p in ((took.near, 1.0), (took.far, 0.0)):
        where = landing(stats, TARGET, Held(tuple(poses or ()), p))
        assert where.feet_px == pytest.approx(0, abs=0.01 * TARGET.size)
        assert where.head_px == pytest.approx(0, abs=0.03 * TARGET.size)


def test_every_bone_is_as_long_as_it_is_midway_between_the_lines() -> None:
    follower = Follower(standing(floor=700, height=500), far_scale=0.8, near_scale=1.2, horizon=1.0)
    stats, points = measure_whole(taken(follower)), follower.base.points_px
    for name, bone in zip(BONE_NAMES, stats.bones, strict=True):
        a, b = BONES[name][0]
        true = float(np.hypot(*(points[a] - points[b]))) * stats.size / 500
        if name not in ("upper_arm", "forearm", "foot"):  # the follower stretches its arms to a person's length
            assert bone == pytest.approx(true, rel=0.02), name


def test_a_held_pose_beats_what_was_seen_on_the_way() -> None:
    follower = Follower(standing(floor=700, height=500))
    took = taken(follower)
    bent = [replace(p, points_px=(p.points_px * np.float32(1.3)).astype(np.float32)) for p in took.everything]
    assert measure_whole(replace(took, everything=[*bent, *took.everything])).near_y == measure_whole(took).near_y


def test_a_foot_that_points_at_the_camera_is_not_measured_too_short() -> None:
    base = standing(floor=700, height=500)
    points = base.points_px.copy()
    points[[T.R_BIG_TOE, T.L_BIG_TOE]] = points[[T.R_ANKLE, T.L_ANKLE]] + np.array((0, 4), np.float32)
    bones = dict(zip(BONE_NAMES, measure_whole(taken(Follower(replace(base, points_px=points)))).bones, strict=True))
    assert bones["foot"] == pytest.approx(FOOT_PER_SHANK * bones["shank"])


def test_one_place_gives_one_line() -> None:
    stand = held(standing())
    stats = measure_whole(Taken(stand, held(standing(), start_s=2), None, None, stand))
    assert stats.near_y == stats.far_y and stats.near_height == stats.far_height


def test_from_the_waist_there_are_no_legs() -> None:
    stand = held(from_the_waist())
    stats = measure_half(stand, None, stand)
    assert not stats.has_legs and stats.near_y == 0 and stats.bones[6:] == (0, 0, 0)
    assert stats.shoulder == pytest.approx(240, rel=0.01)
    assert (stats.neck_x, stats.neck_y) == pytest.approx(tuple(from_the_waist().points_px[T.NECK]), abs=1)


def test_seated_measures_are_those_of_the_same_body_where_it_sits() -> None:
    follower = Follower(standing())
    whole = measure_whole(taken(follower))
    sat = held(replace(from_the_waist(), points_px=follower.base.points_px * np.float32(1.5)))
    seated = measure_seated(sat, whole)
    ratio = seated.shoulder / whole.shoulder
    assert not seated.has_legs and seated.image_size == whole.image_size
    assert seated.bones[:6] == pytest.approx([bone * ratio for bone in whole.bones[:6]])
    assert seated.neck_y == pytest.approx(float(follower.base.points_px[T.NECK, 1]) * 1.5, abs=1)


@pytest.mark.parametrize("sigma", [0.5, 3.0])
def test_the_estimators_noise_is_measured_while_one_sways(sigma: float) -> None:
    poses = held(standing(), noise_px=sigma)
    swaying = [replace(p, points_px=p.points_px + np.float32(20 * np.sin(i / 15))) for i, p in enumerate(poses)]
    noise = estimator_noise([swaying])
    assert (noise.body_px, noise.face_px, noise.hands_px) == pytest.approx((sigma,) * 3, rel=0.15)


def test_too_little_to_measure_is_an_error() -> None:
    short = held(standing())[:10]
    with pytest.raises(PuppetError, match="cannot measure"):
        measure_whole(Taken(short, None, None, None, short))

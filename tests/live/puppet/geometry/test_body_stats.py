import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.puppet import topology as top
from live.puppet.errors import PuppetError
from live.puppet.geometry.body_stats import BONE_NAMES, BodyStats, fit_stats, typical_scale
from tests.live.puppet.figure import PICTURE, Build, clip, figure, pose, walker, without

NO_LEGS = (top.R_KNEE, top.L_KNEE, top.R_ANKLE, top.L_ANKLE)


def stander(height: float = 600.0, **changes: float) -> BodyStats:
    return fit_stats(clip([800.0] * 60, [height] * 60, build=Build(**changes)))


def test_lines_and_heights_of_a_walker_are_found() -> None:
    stats = walker(near=900, far=800, near_height=600, far_height=500)
    assert stats.has_legs
    assert (stats.near_y, stats.far_y) == pytest.approx((900, 800), abs=0.5)
    assert (stats.near_height, stats.far_height) == pytest.approx((600, 500), abs=0.5)
    assert stats.size == pytest.approx(550, abs=0.5)


def test_lengths_are_those_midway_between_the_lines() -> None:
    stats = walker(near=900, far=800, near_height=600, far_height=500)
    bones = dict(zip(BONE_NAMES, stats.bones, strict=True))
    assert stats.torso == pytest.approx(0.33 * 550, rel=0.01)
    assert stats.shoulder == pytest.approx(0.20 * 550, rel=0.01)
    assert bones["upper_arm"] == pytest.approx(0.17 * 550, rel=0.01)
    assert bones["thigh"] == pytest.approx(0.27 * 550, rel=0.01)
    assert stats.hand == pytest.approx(0.06 * 550 * 9 / 20, rel=0.01)


def test_one_who_stands_still_has_one_line() -> None:
    stats = stander()
    assert stats.near_y == stats.far_y == pytest.approx(800)
    assert stats.near_height == stats.far_height == pytest.approx(600)


def test_jumps_do_not_move_the_far_line() -> None:
    poses = [
        pose(
            figure(floor=800, height=600, lift=200 if i % 30 < 10 else 0), t_s=i / 30
        )  # a third of the time in the air
        for i in range(150)
    ]
    stats = fit_stats(poses)
    assert (stats.near_y, stats.far_y) == pytest.approx((800, 800))


def test_a_few_wild_joints_change_nothing() -> None:
    calm = clip([800.0] * 200, [600.0] * 200)
    wild = list(calm)
    for i in range(0, 200, 50):
        points = calm[i].points_px.copy()
        points[top.NOSE] = 640, -900
        points[top.R_WRIST] = 5000, 5000
        wild[i] = dataclasses.replace(calm[i], points_px=points)
    assert fit_stats(wild).size == pytest.approx(fit_stats(calm).size)
    assert fit_stats(wild).bones == pytest.approx(fit_stats(calm).bones)


def test_foreshortened_arms_do_not_shorten_the_typical_arm() -> None:
    poses = clip([800.0] * 100, [600.0] * 100)
    for p in poses[:70]:
        p.points_px[top.R_ELBOW] = p.points_px[top.R_SHOULDER] + (3, 4)
        p.points_px[top.L_ELBOW] = p.points_px[top.L_SHOULDER] + (3, 4)
    assert fit_stats(poses).bones[BONE_NAMES.index("upper_arm")] == pytest.approx(0.17 * 600, rel=0.01)


def test_a_person_without_legs_in_view_is_measured() -> None:
    poses = [dataclasses.replace(p, scores=without(*NO_LEGS)) for p in clip([1200.0] * 60, [900.0] * 60)]
    stats = fit_stats(poses)
    assert not stats.has_legs
    assert (stats.near_y, stats.far_y, stats.near_height, stats.far_height) == (0, 0, 0, 0)
    assert stats.shoulder == pytest.approx(180, rel=0.01)
    assert stats.size == pytest.approx(900, rel=0.02)  # from the torso
    assert stats.bones[BONE_NAMES.index("shank")] == 0


def test_a_person_of_whom_only_head_and_shoulders_are_seen_is_measured() -> None:
    hidden = without(*NO_LEGS, top.MID_HIP, top.R_HIP, top.L_HIP, top.R_WRIST, top.L_WRIST)
    stats = fit_stats([dataclasses.replace(p, scores=hidden) for p in clip([1200.0] * 60, [900.0] * 60)])
    assert stats.torso == pytest.approx(0.33 * 900, rel=0.05)
    assert stats.hip_x == stats.neck_x == pytest.approx(640)


def test_a_sitter_whose_feet_are_seen_counts_as_without_legs() -> None:
    poses = clip([800.0] * 60, [600.0] * 60)
    for p in poses:
        p.points_px[[top.R_KNEE, top.L_KNEE], 1] = p.points_px[top.MID_HIP, 1] + 20
    assert not fit_stats(poses).has_legs


def test_frames_that_are_upside_down_are_left_out() -> None:
    upright, fallen = clip([800.0] * 60, [600.0] * 60), clip([800.0] * 60, [600.0] * 60)
    for p in fallen:
        p.points_px[:, 1] = 800 - p.points_px[:, 1]
    assert fit_stats(upright + fallen) == fit_stats(upright)
    sprawled = clip([800.0] * 60, [600.0] * 60)
    for p in sprawled:  # on the back, head up, feet over the hips
        p.points_px[[top.R_ANKLE, top.L_ANKLE], 1] = p.points_px[top.MID_HIP, 1] - 50
    assert fit_stats(upright + sprawled) == fit_stats(upright)


@pytest.mark.parametrize("count", [0, 1, 29])
def test_too_few_usable_frames_are_refused(count: int) -> None:
    with pytest.raises(PuppetError, match=rf"got: {count} usable of {count} frames; wanted: at least 30"):
        fit_stats(clip([800.0] * count, [600.0] * count))


def test_nan_joints_are_joints_not_seen() -> None:
    poses = clip([800.0] * 60, [600.0] * 60)
    for p in poses[::3]:
        p.points_px[[top.R_WRIST, top.NOSE]] = np.nan
    assert fit_stats(poses).bones == pytest.approx(stander().bones)


def test_json_gives_an_equal_value_back() -> None:
    stats = walker(near=900, far=800, near_height=600, far_height=500)
    assert BodyStats.from_json(json.loads(json.dumps(stats.to_json()))) == stats


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("torso", None),
        ("torso", float("nan")),
        ("torso", 10**400),
        ("torso", True),
        ("shoulder", 0),
        ("head", -1),
        ("hip_x", float("-inf")),
        ("near_y", 1e30),
        ("bones", [1, 2]),
        ("bones", [-1.0] * 9),
        ("image_size", 3),
        ("image_size", [0, 480]),
        ("image_size", [640, -480]),
        ("image_size", [640, 1e300]),
        ("has_legs", "no"),
    ],
)
def test_damaged_json_is_refused(name: str, value: object) -> None:
    with pytest.raises(PuppetError):
        BodyStats.from_json({**stander().to_json(), name: value})


def test_json_with_a_missing_or_unknown_name_is_refused() -> None:
    data = stander().to_json()
    with pytest.raises(PuppetError, match="cannot read body measures"):
        BodyStats.from_json({**data, "surprise": 1})
    with pytest.raises(PuppetError, match="cannot read body measures"):
        BodyStats.from_json({k: v for k, v in data.items() if k != "hip_x"})


@given(scale=st.floats(0.1, 4), dx=st.floats(-500, 500), dy=st.floats(-500, 500))
def test_scaled_statistics_are_those_of_the_scaled_picture(scale: float, dx: float, dy: float) -> None:
    poses = clip([800.0] * 60 + [900.0] * 60, [500.0] * 60 + [600.0] * 60)
    moved = [
        dataclasses.replace(
            p,
            points_px=(p.points_px.astype(np.float64) * scale + (dx, dy)).astype(np.float32),
            image_size=(round(PICTURE[0] * scale), round(PICTURE[1] * scale)),
        )
        for p in poses
    ]
    wanted, got = fit_stats(moved), fit_stats(poses).scaled(scale, dx, dy)
    for field in dataclasses.fields(BodyStats):
        assert getattr(got, field.name) == pytest.approx(getattr(wanted, field.name), rel=1e-3, abs=0.01), field.name


def test_the_typical_scale_is_by_height_with_legs_and_by_shoulders_without() -> None:
    tall, small = stander(600), stander(300, shoulder=0.2)
    seated = fit_stats([dataclasses.replace(p, scores=without(*NO_LEGS)) for p in clip([800.0] * 60, [600.0] * 60)])
    assert typical_scale(tall, small) == pytest.approx(0.5)
    assert typical_scale(seated, small) == pytest.approx(1.0)  # 2 x 0.10 x 600 against 2 x 0.20 x 300


def test_a_figure_without_face_points_is_told_and_older_bundles_have_a_face() -> None:
    faceless = [dataclasses.replace(p, scores=without(*range(25, 95))) for p in clip([600.0] * 40, [400.0] * 40)]
    assert not fit_stats(faceless).has_face and fit_stats(clip([600.0] * 40, [400.0] * 40)).has_face
    data = fit_stats(faceless).to_json()
    assert not BodyStats.from_json(data).has_face
    del data["has_face"]
    assert BodyStats.from_json(data).has_face

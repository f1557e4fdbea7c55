import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.geometry.body_stats import BONES, BodyStats, fit_stats
from live.puppet.geometry.normalize import Normalizer
from live.puppet.geometry.retarget import Retargeter
from tests.live.puppet.figure import Build, clip, figure, walker, without

SEEN = np.ones(top.K, np.float32)
ANKLES = [top.R_ANKLE, top.L_ANKLE]
MAN = Build()
KNIGHT = Build(
    torso=0.30, leg=0.40, shoulder=0.14, arm=0.13, hip=0.08, head=0.12, hand=0.09
)  # a chibi: big head, short legs

builds = st.builds(
    Build,
    torso=st.floats(0.26, 0.36),
    leg=st.floats(0.4, 0.55),
    shoulder=st.floats(0.07, 0.15),
    arm=st.floats(0.10, 0.22),
    hip=st.floats(0.04, 0.09),
    head=st.floats(0.04, 0.1),
    hand=st.floats(0.04, 0.1),
)


def stander(build: Build, *, floor: float, height: float, x: float = 640) -> BodyStats:
    return fit_stats(clip([floor] * 40, [height] * 40, build=build, x=x))


def bone(points: F32, a: int, b: int) -> F32:
    return points[b] - points[a]


def lower_ankle(points: F32) -> float:
    return float(points[ANKLES, 1].max())


@given(build=builds, arms=st.floats(-3, 3), floor=st.floats(300, 900), height=st.floats(100, 800))
def test_the_identity_when_performer_is_target(build: Build, arms: float, floor: float, height: float) -> None:
    stats = stander(build, floor=700, height=500)
    points = figure(floor=floor, height=height, build=build, arms=arms)
    for hidden in ((), ANKLES, (*ANKLES, top.MID_HIP), (top.L_ELBOW, top.NOSE)):
        assert np.abs(Retargeter(stats, stats).apply(points, without(*hidden), 1.0) - points).max() < 1e-3


@given(performer=builds, target=builds, arms=st.floats(-3, 3))
def test_bones_get_the_targets_lengths_and_keep_their_directions(performer: Build, target: Build, arms: float) -> None:
    source, wanted = stander(performer, floor=900, height=700), stander(target, floor=440, height=300)
    points = figure(floor=900, height=700, build=performer, arms=arms)
    placed, scale = Normalizer(source, wanted).apply(points, SEEN, 0.0)
    out = Retargeter(source, wanted).apply(placed, SEEN, scale)
    for pairs, length in zip(BONES.values(), wanted.bones, strict=True):
        for a, b in pairs:
            got, before = bone(out, a, b), bone(placed, a, b)
            assert np.linalg.norm(got) == pytest.approx(length, rel=2e-3)
            assert np.cross(got, before) == pytest.approx(0, abs=2e-3 * np.linalg.norm(got) * np.linalg.norm(before))
            assert got @ before > 0
    assert np.linalg.norm(bone(out, top.R_EAR, top.L_EAR)) == pytest.approx(wanted.head, rel=2e-3)
    assert np.linalg.norm(bone(out, top.L_HAND.start, top.L_HAND.start + 9)) == pytest.approx(wanted.hand, rel=2e-3)


def test_foreshortening_is_kept() -> None:
    source, target = stander(MAN, floor=900, height=700), stander(KNIGHT, floor=440, height=300)
    points = figure(floor=900, height=700, build=MAN)
    points[top.L_ELBOW] = points[top.L_SHOULDER] + 0.4 * bone(points, top.L_SHOULDER, top.L_ELBOW)
    placed, scale = Normalizer(source, target).apply(points, SEEN, 0.0)
    out = Retargeter(source, target).apply(placed, SEEN, scale)
    left, right = bone(out, top.L_SHOULDER, top.L_ELBOW), bone(out, top.R_SHOULDER, top.R_ELBOW)
    assert np.linalg.norm(left) == pytest.approx(0.4 * np.linalg.norm(right), rel=1e-3)


def test_walking_in_depth_changes_size_as_the_target_would_not_proportions() -> None:
    source = walker(near=900, far=800, near_height=600, far_height=500, build=MAN)
    target = walker(near=450, far=410, near_height=310, far_height=270, build=KNIGHT)
    retargeter = Retargeter(source, target)
    for floor, height, wanted in ((900, 600, 310), (800, 500, 270)):
        normalizer = Normalizer(source, target)
        placed, scale = normalizer.apply(figure(floor=floor, height=height, build=MAN), SEEN, 0.0)
        out = retargeter.apply(placed, SEEN, scale)
        assert np.linalg.norm(bone(out, top.R_KNEE, top.R_ANKLE)) == pytest.approx(0.2 * wanted, rel=0.01)


@given(lift=st.floats(0, 200), knee=st.floats(0, 150), crouch=st.floats(0, 100))
def test_the_lower_ankle_stays_on_its_line(lift: float, knee: float, crouch: float) -> None:
    points = figure(floor=600, height=400, lift=lift)
    points[top.L_ANKLE, 1] -= knee
    points[: top.R_KNEE, 1] += crouch
    source, target = stander(MAN, floor=600, height=400), stander(KNIGHT, floor=600, height=400)
    out = Retargeter(source, target).apply(points, SEEN, 1.0)
    assert lower_ankle(out) == pytest.approx(lower_ankle(points), abs=1e-2)


@pytest.mark.parametrize(
    "hidden", [ANKLES, [*ANKLES, top.R_KNEE, top.L_KNEE], [*ANKLES, top.MID_HIP, top.L_HIP, top.R_HIP]]
)
def test_a_standing_figure_does_not_move_when_its_feet_are_lost(hidden: list[int]) -> None:
    source, target = stander(MAN, floor=600, height=400), stander(KNIGHT, floor=600, height=400)
    points, retargeter = figure(floor=600, height=400), Retargeter(source, target)
    whole, cut = retargeter.apply(points, SEEN, 1.0), retargeter.apply(points, without(*hidden), 1.0)
    assert cut[top.NECK] == pytest.approx(whole[top.NECK], abs=0.5)
    assert cut[top.L_WRIST] == pytest.approx(whole[top.L_WRIST], abs=0.5)


def test_waist_up_the_neck_stays_and_legs_are_not_stretched() -> None:
    source, target = stander(MAN, floor=900, height=700), stander(KNIGHT, floor=900, height=700)
    half = dataclasses.replace(source, has_legs=False, near_y=0.0, far_y=0.0, near_height=0.0, far_height=0.0)
    points = figure(floor=900, height=700)
    out = Retargeter(half, target).apply(points, SEEN, target.shoulder / half.shoulder)
    assert (out[top.NECK] == points[top.NECK]).all()
    assert np.linalg.norm(bone(out, top.R_HIP, top.R_KNEE)) == pytest.approx(0.27 * 700, rel=1e-3)


def test_a_length_nobody_measured_is_left_alone() -> None:
    source, target = stander(MAN, floor=600, height=400), stander(KNIGHT, floor=600, height=400)
    unknown = dataclasses.replace(target, bones=tuple(0.0 for _ in target.bones), head=0.0, hand=0.0)
    points = figure(floor=600, height=400)
    assert Retargeter(source, unknown).apply(points, SEEN, 1.0) == pytest.approx(points, abs=1e-3)


def test_absurd_ratios_are_clamped() -> None:
    source, target = stander(MAN, floor=600, height=400), stander(MAN, floor=600, height=400)
    giant = dataclasses.replace(target, head=100 * target.head, hand=target.hand / 100)
    points = figure(floor=600, height=400)
    out = Retargeter(source, giant).apply(points, SEEN, 1.0)
    eyes, hand = (top.R_EYE, top.L_EYE), (top.L_HAND.start, top.L_HAND.start + 9)
    assert np.linalg.norm(bone(out, *eyes)) == pytest.approx(12 * np.linalg.norm(bone(points, *eyes)), rel=1e-3)
    assert np.linalg.norm(bone(out, *hand)) == pytest.approx(0.3 * np.linalg.norm(bone(points, *hand)), rel=1e-3)


def test_head_and_hands_are_rigid() -> None:
    source, target = stander(MAN, floor=600, height=400), stander(KNIGHT, floor=600, height=400)
    rng = np.random.default_rng(4)
    points = figure(floor=600, height=400)
    points[top.FACE] += rng.normal(0, 5, (70, 2)).astype(np.float32)
    points[top.R_HAND] += rng.normal(0, 5, (21, 2)).astype(np.float32)
    out = Retargeter(source, target).apply(points, SEEN, 1.0)
    for part, root, ratio in (
        (top.FACE, top.NOSE, target.head / source.head),
        (top.R_HAND, top.R_WRIST, target.hand / source.hand),
    ):
        assert out[part] - out[root] == pytest.approx(ratio * (points[part] - points[root]), abs=1e-3)


def test_a_hand_whose_wrist_is_not_seen_hangs_on_its_own_root() -> None:
    source, target = stander(MAN, floor=600, height=400), stander(KNIGHT, floor=600, height=400)
    points, garbage = figure(floor=600, height=400), figure(floor=600, height=400)
    garbage[top.L_WRIST] = 0, 0
    retargeter = Retargeter(source, target)
    whole, cut = retargeter.apply(points, SEEN, 1.0), retargeter.apply(garbage, without(top.L_WRIST), 1.0)
    assert cut[top.L_HAND] == pytest.approx(whole[top.L_HAND], abs=0.01)


@given(hidden=st.sets(st.integers(0, 24), max_size=20), value=st.sampled_from([np.nan, np.inf, 0.0, -4000.0]))
def test_joints_not_seen_are_harmless(hidden: set[int], value: float) -> None:
    """What stands in a joint with score 0 shows in no joint that is seen, and nothing becomes NaN."""
    source, target = stander(MAN, floor=600, height=400), stander(KNIGHT, floor=600, height=400)
    points, garbage = figure(floor=600, height=400), figure(floor=600, height=400)
    garbage[list(hidden)] = value
    scores = without(*hidden)
    clean, dirty = (Retargeter(source, target).apply(p, scores, 1.0) for p in (points, garbage))
    assert np.isfinite(dirty).all()
    assert dirty[scores > 0] == pytest.approx(clean[scores > 0], abs=1e-3)


def test_nobody_in_view_is_finite() -> None:
    stats = stander(MAN, floor=600, height=400)
    out = Retargeter(stats, stats).apply(np.full((top.K, 2), np.nan, np.float32), np.zeros(top.K, np.float32), 1.0)
    assert np.isfinite(out).all()


def test_mirrored_poses_give_mirrored_results() -> None:
    source, target = stander(MAN, floor=600, height=400), stander(KNIGHT, floor=600, height=400)
    points = figure(floor=600, height=400)
    points[top.L_WRIST] += (40, -90)
    flip = np.array([-1, 1], np.float32)
    retargeter = Retargeter(source, target)
    straight, mirrored = retargeter.apply(points, SEEN, 1.0), retargeter.apply(points[top.MIRROR] * flip, SEEN, 1.0)
    assert mirrored[top.MIRROR] * flip == pytest.approx(straight, abs=1e-3)


def test_a_huge_head_keeps_its_width() -> None:
    chibi = dataclasses.replace(KNIGHT, head=0.25)  # ear to ear 1.7 torsos
    source, target = stander(MAN, floor=600, height=400), stander(chibi, floor=600, height=400)
    points = figure(floor=600, height=400, build=MAN)
    out = Retargeter(source, target).apply(points, SEEN, 1.0)
    assert target.head > 6 * source.head  # beyond RATIO_RANGE
    assert np.linalg.norm(bone(out, top.R_EAR, top.L_EAR)) == pytest.approx(target.head, rel=0.01)

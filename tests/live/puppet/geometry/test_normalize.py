import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.geometry.body_stats import BodyStats, fit_stats
from live.puppet.geometry.normalize import Normalizer
from tests.live.puppet.figure import Build, clip, figure, walker, without

SEEN = np.ones(top.K, np.float32)
ANKLES = (top.R_ANKLE, top.L_ANKLE)
PERFORMER = walker(near=900, far=800, near_height=600, far_height=500, x=700)
TARGET = walker(near=450, far=410, near_height=310, far_height=270, x=256)


def feed(
    normalizer: Normalizer, points: F32, *, start_s: float, seconds: float, scores: F32 = SEEN
) -> tuple[F32, float]:
    """The last result after the same frame for some seconds at 30 fps."""
    for i in range(round(seconds * 30)):
        placed, scale = normalizer.apply(points, scores, start_s + i / 30)
    return placed, scale


def ankle(points: F32) -> float:
    return float(points[list(ANKLES), 1].max())


def height(points: F32) -> float:
    return ankle(points) - float(points[top.NOSE, 1])


@pytest.mark.parametrize(
    ("floor", "tall", "line", "wanted"), [(900, 600, 450, 310), (800, 500, 410, 270), (850, 550, 430, 290)]
)
def test_each_line_maps_to_its_line_at_the_target_height(floor: float, tall: float, line: float, wanted: float) -> None:
    normalizer = Normalizer(PERFORMER, TARGET)
    placed, _ = feed(normalizer, figure(floor=floor, height=tall, x=700), start_s=0, seconds=3)
    assert ankle(placed) == pytest.approx(line, abs=0.1)
    assert normalizer.figure_factor == pytest.approx(wanted / TARGET.size, rel=1e-3)
    assert height(placed) == pytest.approx(wanted, abs=0.2)
    assert placed[top.MID_HIP, 0] == pytest.approx(256, abs=0.1)


walks = st.lists(st.tuples(st.floats(500, 1100), st.floats(300, 800), st.floats(0, 1280)), min_size=1, max_size=12)


@given(walk=walks, hidden=st.sets(st.sampled_from([*ANKLES, top.MID_HIP, top.NECK, top.R_SHOULDER])))
def test_the_identity_when_performer_is_target(walk: list[tuple[float, float, float]], hidden: set[int]) -> None:
    for stats in (PERFORMER, seated(PERFORMER)):
        normalizer = Normalizer(stats, stats)
        for i, (floor, tall, x) in enumerate(walk):
            points = figure(floor=floor, height=tall, x=x)
            placed, scale = normalizer.apply(points, without(*hidden) if i else SEEN, i / 10)
            assert np.abs(placed - points).max() < 1e-3
            assert scale == pytest.approx(1, abs=1e-9)


def test_the_foot_lands_on_the_line_however_the_clip_began() -> None:
    """The official code anchors every frame at the first frame's foot: at scale 1.12 that is 7.2 px off here."""
    target = walker(near=500, far=440, near_height=600 * 1.12, far_height=500 * 1.12)
    normalizer = Normalizer(PERFORMER, target)
    feed(normalizer, figure(floor=880, height=580), start_s=0, seconds=2)
    placed, scale = feed(normalizer, figure(floor=820, height=520), start_s=2, seconds=3)
    line = 440 + 0.2 * 60
    assert scale == pytest.approx(1.12, abs=1e-4)
    assert ankle(placed) == pytest.approx(line, abs=0.1)
    assert (scale - 1) * (820 - 880) == pytest.approx(-7.2, abs=0.01)  # what the official code would have added


@pytest.mark.parametrize("fps", [15, 30, 60])
def test_a_jump_stays_a_jump(fps: int) -> None:
    normalizer = Normalizer(PERFORMER, TARGET)
    for i in range(2 * fps):
        standing, scale = normalizer.apply(figure(floor=850, height=550, x=700), SEEN, i / fps)
    for i in range(round(0.6 * fps)):
        lift = 250 * np.sin(np.pi * i / (0.6 * fps))
        placed, jumping_scale = normalizer.apply(figure(floor=850, height=550, x=700, lift=lift), SEEN, 2 + i / fps)
        assert jumping_scale == pytest.approx(scale, rel=1e-4)
        assert ankle(standing) - ankle(placed) == pytest.approx(lift * scale, abs=0.05)


@pytest.mark.parametrize(("start", "end"), [((900, 600), (800, 500)), ((800, 500), (900, 600))])
def test_walking_is_followed_within_about_a_second(start: tuple[float, float], end: tuple[float, float]) -> None:
    normalizer = Normalizer(PERFORMER, TARGET)
    feed(normalizer, figure(floor=start[0], height=start[1]), start_s=0, seconds=2)
    placed, _ = feed(normalizer, figure(floor=end[0], height=end[1]), start_s=2, seconds=1.2)
    line, tall = (410, 270) if end[0] == 800 else (450, 310)
    assert ankle(placed) == pytest.approx(line, abs=1)
    assert height(placed) == pytest.approx(tall, rel=0.01)


def test_a_step_in_depth_glides() -> None:
    normalizer = Normalizer(PERFORMER, TARGET)
    _, before = feed(normalizer, figure(floor=900, height=600), start_s=0, seconds=2)
    scales = [before]
    for i in range(60):
        _, scale = normalizer.apply(figure(floor=800, height=500), SEEN, 2 + i / 30)
        scales.append(scale)
    whole = abs(scales[-1] - scales[0])
    assert whole > 0.02
    assert max(abs(b - a) for a, b in zip(scales, scales[1:], strict=False)) < 0.35 * whole


def test_beyond_the_lines_the_scale_is_clamped_and_the_feet_still_move() -> None:
    placed, scale = feed(Normalizer(PERFORMER, TARGET), figure(floor=950, height=650), start_s=0, seconds=3)
    nearer, same = feed(Normalizer(PERFORMER, TARGET), figure(floor=1000, height=650), start_s=0, seconds=3)
    assert same == scale
    assert ankle(nearer) - ankle(placed) == pytest.approx(50 * scale, abs=0.1)


def test_wild_statistics_cannot_zoom_without_bound() -> None:
    wild = dataclasses.replace(TARGET, near_height=4000.0, far_height=100.0)
    _, scale = feed(Normalizer(PERFORMER, wild), figure(floor=800, height=550), start_s=0, seconds=2)
    assert scale == pytest.approx(0.5 * wild.size / PERFORMER.size)
    wild = dataclasses.replace(PERFORMER, far_height=100.0)
    _, scale = feed(Normalizer(wild, TARGET), figure(floor=800, height=550), start_s=0, seconds=2)
    assert scale == pytest.approx(2 * TARGET.size / wild.size)


def test_one_who_does_not_walk_in_depth_has_one_scale() -> None:
    still = fit_stats(clip([850.0] * 60, [550.0] * 60))
    normalizer = Normalizer(still, TARGET)
    scales = {
        normalizer.apply(figure(floor=f, height=550), SEEN, i / 30)[1] for i, f in enumerate((850, 870, 700, 860))
    }
    assert scales == {TARGET.size / still.size}
    assert ankle(normalizer.apply(figure(floor=850, height=550), SEEN, 1.0)[0]) == pytest.approx(430, abs=0.1)


@pytest.mark.parametrize("hidden", [ANKLES, (*ANKLES, top.MID_HIP)])
def test_without_ankles_the_size_tells_the_depth_and_nothing_jumps(hidden: tuple[int, ...]) -> None:
    normalizer = Normalizer(PERFORMER, TARGET)
    points = figure(floor=900, height=600, x=700)
    before, _ = feed(normalizer, points, start_s=0, seconds=3)
    for i in range(90):
        placed, _ = normalizer.apply(points, without(*hidden), 3 + i / 30)
        assert np.abs(placed - before).max() < 0.5
    placed, _ = feed(normalizer, figure(floor=800, height=500, x=700), start_s=6, seconds=2, scores=without(*hidden))
    assert ankle(placed) == pytest.approx(410, abs=0.5)  # from the torso or shoulders alone


def test_without_ankles_leaning_forward_is_not_walking_away() -> None:
    normalizer, hidden = Normalizer(PERFORMER, TARGET), without(*ANKLES)
    upright = figure(floor=900, height=600, x=700)
    leaning = upright.copy()
    leaning[top.NECK] = (upright[top.NECK] + upright[top.MID_HIP]) / 2
    _, scale = feed(normalizer, upright, start_s=0, seconds=2, scores=hidden)
    _, same = feed(normalizer, leaning, start_s=2, seconds=0.7, scores=hidden)
    assert same == pytest.approx(scale, rel=1e-3)


def test_a_frame_with_nothing_usable_keeps_the_last_transform() -> None:
    normalizer = Normalizer(PERFORMER, TARGET)
    points = figure(floor=900, height=600)
    before, scale = feed(normalizer, points, start_s=0, seconds=2)
    after, same = feed(normalizer, points, start_s=2, seconds=5, scores=np.zeros(top.K, np.float32))
    assert same == scale
    assert (before == after).all()


def seated(stats: BodyStats) -> BodyStats:
    return dataclasses.replace(stats, has_legs=False, near_y=0.0, far_y=0.0, near_height=0.0, far_height=0.0)


@pytest.mark.parametrize(("performer", "target"), [(PERFORMER, seated(TARGET)), (seated(PERFORMER), TARGET)])
def test_waist_up_maps_neck_to_neck_and_shoulders_to_shoulders(performer: BodyStats, target: BodyStats) -> None:
    points = figure(floor=1000, height=550, x=performer.neck_x)
    points[:, 1] += performer.neck_y - points[top.NECK, 1]
    placed, scale = Normalizer(performer, target).apply(points, without(*ANKLES), 0.0)
    assert placed[top.NECK] == pytest.approx([target.neck_x, target.neck_y], abs=0.01)
    assert placed[top.L_SHOULDER, 0] - placed[top.R_SHOULDER, 0] == pytest.approx(target.shoulder, rel=0.01)
    assert scale == pytest.approx(target.shoulder / performer.shoulder)


def test_mirrored_performers_land_mirrored() -> None:
    width = 1280
    mirrored = dataclasses.replace(PERFORMER, hip_x=width - PERFORMER.hip_x, neck_x=width - PERFORMER.neck_x)
    points = figure(floor=870, height=560, x=500, build=Build(arm=0.2))
    flipped = points[top.MIRROR] * np.array([-1, 1], np.float32) + np.array([width, 0], np.float32)
    placed, _ = feed(Normalizer(PERFORMER, TARGET), points, start_s=0, seconds=1)
    other, _ = feed(Normalizer(mirrored, TARGET), flipped, start_s=0, seconds=1)
    assert other[top.MIRROR, 0] == pytest.approx(2 * TARGET.hip_x - placed[:, 0], abs=0.01)
    assert other[top.MIRROR, 1] == pytest.approx(placed[:, 1], abs=0.01)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_joints_that_are_not_finite_give_finite_ones_and_no_shift(value: float) -> None:
    clean, dirty = Normalizer(PERFORMER, TARGET), Normalizer(PERFORMER, TARGET)
    points = figure(floor=870, height=560)
    broken = points.copy()
    broken[[top.L_ANKLE, top.NECK, 30]] = value
    wanted, _ = feed(clean, points, start_s=0, seconds=1)
    got, _ = feed(dirty, broken, start_s=0, seconds=1)
    assert np.isfinite(got).all()
    assert got[top.NOSE] == pytest.approx(wanted[top.NOSE])


def test_reset_equals_new() -> None:
    used, new = Normalizer(PERFORMER, TARGET), Normalizer(PERFORMER, TARGET)
    feed(used, figure(floor=900, height=600), start_s=0, seconds=2)
    used.reset()
    nothing = [n.apply(figure(floor=900, height=600), np.zeros(top.K, np.float32), 0.0)[0] for n in (used, new)]
    assert (nothing[0] == nothing[1]).all()
    for i, floor in enumerate((810, 820, 880)):
        a, b = (n.apply(figure(floor=floor, height=520), SEEN, i / 30) for n in (used, new))
        assert (a[0] == b[0]).all()
        assert a[1] == b[1]


def test_a_clock_that_goes_back_starts_anew() -> None:
    normalizer = Normalizer(PERFORMER, TARGET)
    feed(normalizer, figure(floor=900, height=600), start_s=50, seconds=2)
    placed, _ = normalizer.apply(figure(floor=800, height=500), SEEN, 0.0)
    assert ankle(placed) == pytest.approx(410, abs=0.1)


def test_the_same_time_twice_is_harmless() -> None:
    normalizer = Normalizer(PERFORMER, TARGET)
    a, b = (normalizer.apply(figure(floor=850, height=550), SEEN, 0.0)[0] for _ in range(2))
    assert (a == b).all()

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.condition import Conditioner
from live.puppet.config import PuppetConfig
from live.puppet.geometry.body_stats import BONES, BodyStats, fit_stats
from live.puppet.values import Conditioning, PlacedPose, Pose
from tests.live.puppet.figure import Build, clip, figure, pose, without
from tests.live.puppet.paper import paper_atlas

CONFIG = PuppetConfig(canvas_px=(128, 128))
SOURCE = fit_stats(clip([900] * 40, [800] * 40))  # 1280 x 960
SCALE, DX, DY = 0.1, 0.0, 16.0
TARGET = SOURCE.scaled(SCALE, DX, DY)  # on the canvas
ATLAS = paper_atlas()
STILL = figure(floor=900, height=800, arms=0.7)


def conditioner(*, calibrated: bool = True) -> Conditioner:
    return Conditioner(CONFIG, target=TARGET, atlas=ATLAS, performer=SOURCE if calibrated else None)


def dance(count: int, *, scores: F32 | None = None) -> list[Pose]:
    """One who waves and walks sideways."""
    return [
        pose(figure(floor=900, height=800, x=600 + 3 * i, arms=0.3 + 0.05 * i), t_s=i / 30, scores=scores)
        for i in range(count)
    ]


def same(a: Conditioning, b: Conditioning) -> bool:
    arrays = ((a.pose_map, b.pose_map), (a.doll, b.doll), (a.placed.points_px, b.placed.points_px))
    return all(np.array_equal(x, y) for x, y in arrays) and (a.face_box, a.frame_id) == (b.face_box, b.frame_id)


@pytest.mark.parametrize("calibrated", [True, False])
def test_a_step_is_draw_of_place(calibrated: bool) -> None:
    one, two = conditioner(calibrated=calibrated), conditioner(calibrated=calibrated)
    for p in dance(12):
        assert same(one.step(p), two.draw(two.place(p)))


def test_drawing_keeps_no_state() -> None:
    subject, other = conditioner(), conditioner()
    placed = [subject.place(p) for p in dance(6)]
    first = [other.draw(p) for p in placed]
    again = [other.draw(p) for p in reversed(placed)][::-1]
    assert all(same(a, b) for a, b in zip(first, again, strict=True))


def test_what_is_drawn_is_the_callers_own() -> None:
    subject = conditioner()
    placed = subject.place(dance(1)[0])
    first = subject.draw(placed)
    first.doll[:], first.pose_map[:] = 0, 0
    assert subject.draw(placed).doll.any() and subject.draw(placed).pose_map.any()


def test_shapes_types_and_the_frames_own_id_and_time() -> None:
    p = replace(dance(1)[0], frame_id=41, t_capture_s=12.5)
    out = conditioner().step(p)
    assert out.pose_map.shape == (32, 32, 20) and out.doll.shape == (128, 128, 4)
    assert out.pose_map.dtype == out.doll.dtype == np.uint8 and out.doll.any() and out.pose_map.any()
    assert (out.frame_id, out.t_capture_s) == (out.placed.frame_id, out.placed.t_capture_s) == (41, 12.5)
    assert out.face_box is not None


@pytest.mark.parametrize("calibrated", [True, False])
def test_reset_equals_new(calibrated: bool) -> None:
    used = conditioner(calibrated=calibrated)
    for p in dance(40):
        used.place(replace(p, points_px=p.points_px * np.float32(0.7)))
    used.reset()
    fresh = conditioner(calibrated=calibrated)
    later = [replace(p, t_capture_s=p.t_capture_s + 1.4) for p in dance(10)]  # a clock that goes back is a reset too
    assert all(same(used.step(p), fresh.step(p)) for p in later)


def test_the_same_person_who_comes_back_keeps_their_measures() -> None:
    subject = conditioner(calibrated=False)
    for p in dance(40):
        subject.place(p)
    measured = subject.performer
    subject.reset(keep_performer=True)
    subject.place(dance(1)[0])
    assert measured is not None and subject.performer is measured


def test_a_performer_who_is_the_target_is_placed_where_they_stand() -> None:
    subject = conditioner()
    for i in range(30):
        placed = subject.place(pose(STILL, t_s=i / 30))
    wanted = STILL * SCALE + np.array([DX, DY])
    assert np.abs(placed.points_px - wanted).max() < 0.01
    assert placed.size_px == pytest.approx(TARGET.torso)


def test_another_build_takes_the_targets_proportions() -> None:
    chibi = Build(torso=0.30, leg=0.40, shoulder=0.14, arm=0.13, hip=0.08, head=0.12, hand=0.09)
    own = fit_stats(clip([700] * 40, [400] * 40, build=chibi))
    subject = Conditioner(CONFIG, target=TARGET, atlas=ATLAS, performer=own)
    for i in range(30):
        placed = subject.place(pose(figure(floor=700, height=400, build=chibi, arms=0.7), t_s=i / 30))
    assert np.abs(placed.points_px[:15] - (STILL * SCALE + np.array([DX, DY]))[:15]).max() < 0.3


@pytest.mark.parametrize("calibrated", [True, False])
def test_nobody_in_view_scores_all_0_and_draws_nothing(calibrated: bool) -> None:
    out = conditioner(calibrated=calibrated).step(Pose.empty(3, 0.1, (1280, 960)))
    assert (out.placed.scores == 0).all() and out.face_box is None
    assert not out.pose_map.any() and not out.doll.any()


@pytest.mark.parametrize("calibrated", [True, False])
def test_one_who_leaves_is_gone_after_the_short_hold(calibrated: bool) -> None:
    subject = conditioner(calibrated=calibrated)
    for p in dance(10):
        subject.place(p)
    held = subject.place(Pose.empty(10, 9 / 30 + 0.1, (1280, 960)))
    gone = subject.place(Pose.empty(11, 9 / 30 + CONFIG.hold_s + 0.05, (1280, 960)))
    assert held.scores.any() and not gone.scores.any()


def test_before_there_are_statistics_the_first_pose_tells_the_size() -> None:
    near, far = (conditioner(calibrated=False).place(pose(STILL * np.float32(s))) for s in (1.0, 0.5))
    assert np.ptp(near.points_px[:15, 1]) == pytest.approx(np.ptp(far.points_px[:15, 1]), rel=0.01)


def test_the_figure_glides_when_statistics_arrive() -> None:
    """For this broad-shouldered, long-armed performer the first guess takes the target's build; 30 poses later their
    own measures are known.
    """
    build = Build(torso=0.26, leg=0.46, shoulder=0.17, arm=0.22, hip=0.09)
    subject = conditioner(calibrated=False)
    still = figure(floor=900, height=600, build=build, arms=0.7)
    placed = [subject.place(pose(still, t_s=i / 30)) for i in range(60)]
    points = np.array([p.points_px[:15] for p in placed])
    steps = np.linalg.norm(np.diff(points, axis=0), axis=2)
    whole_way = np.linalg.norm(points[-1] - points[0], axis=1).max()
    assert whole_way > 8  # of 128 px: to jump that far at once would be seen
    assert steps.max() < 1.1 * whole_way / (0.4 * 30)
    assert subject.performer is not None and steps[-5:].max() < 0.01


@given(data=st.data())
def test_joints_that_are_not_numbers_never_reach_the_output(data: st.DataObject) -> None:
    subject = conditioner(calibrated=data.draw(st.booleans()))
    bad = st.sampled_from([float("nan"), float("inf"), float("-inf")])
    for p in dance(4):
        points, scores = p.points_px.copy(), p.scores.copy()
        for joint in data.draw(st.lists(st.integers(0, top.K - 1), max_size=20)):
            points[joint, data.draw(st.integers(0, 1))] = data.draw(bad)
        scores[data.draw(st.lists(st.integers(0, top.K - 1), max_size=3))] = data.draw(bad)
        out = subject.step(replace(p, points_px=points, scores=scores))
        assert np.isfinite(out.placed.points_px).all() and np.isfinite(out.placed.size_px)
        assert np.isfinite(out.placed.scores).all() and out.placed.scores.max() <= 1


def test_a_callers_legs_under_the_desk_hang_below_the_puppets_hips() -> None:
    legs = (top.R_KNEE, top.L_KNEE, top.R_ANKLE, top.L_ANKLE, *range(19, 25))
    subject = conditioner()
    for i in range(5):
        placed = subject.place(pose(STILL, t_s=i / 30, scores=without(*legs)))
    assert (placed.scores[list(legs)] == 1).all()
    assert placed.points_px[top.R_ANKLE, 1] > placed.points_px[top.R_KNEE, 1] > placed.points_px[top.R_HIP, 1]


def test_a_placed_pose_from_a_file_is_drawn_whatever_its_numbers() -> None:
    points = np.full((top.K, 2), np.float32(1e30))
    out = conditioner().draw(PlacedPose(0, 0.0, points, without(), 0.0))
    assert not out.doll.any() and out.face_box is None


# The measures of a chibi knight on a canvas of 512: its head is 1.9 torsos wide, its legs are 0.6 torsos long. It was
# never seen with face or finger points.
KNIGHT = BodyStats(
    image_size=(512, 512),
    near_y=437.6,
    far_y=417.0,
    near_height=240.6,
    far_height=226.8,
    hip_x=258.6,
    neck_x=256.7,
    neck_y=270.9,
    torso=94.8,
    shoulder=68.3,
    head=176.9,
    hand=0.0,
    has_legs=True,
    bones=(94.8, 94.5, 34.2, 38.6, 52.9, 27.4, 36.9, 22.9, 24.4),
    has_face=False,
)


@pytest.mark.parametrize("calibrated", [True, False])
def test_a_person_drives_a_chibi_without_stretching_it(calibrated: bool) -> None:
    subject = Conditioner(PuppetConfig(), target=KNIGHT, atlas=ATLAS, performer=SOURCE if calibrated else None)
    placed = [subject.place(p) for p in dance(200)][150:]
    points, factor = np.array([p.points_px for p in placed]), np.array([p.size_px for p in placed]) / KNIGHT.torso
    lengths = {name: pairs for name, pairs in BONES.items() if name != "foot"}  # the figure's feet are a stub
    for (name, pairs), own in zip(lengths.items(), KNIGHT.bones, strict=False):
        for a, b in pairs:
            drawn = np.linalg.norm(points[:, a] - points[:, b], axis=1) / factor
            assert drawn == pytest.approx(np.full(50, own), rel=0.1), name
    ears = points[:, top.L_EAR] - points[:, top.R_EAR]
    assert ears[:, 0] / factor == pytest.approx(np.full(50, KNIGHT.head), rel=0.1)  # as wide, and upright
    assert np.abs(ears[:, 1]).max() < 0.05 * KNIGHT.head and (points[:, top.NOSE, 1] < points[:, top.NECK, 1]).all()
    floor = points[:, [top.R_ANKLE, top.L_ANKLE], 1].max(axis=1)
    assert floor.min() > KNIGHT.far_y - 3 and floor.max() < KNIGHT.near_y + 3


def test_a_target_never_seen_with_face_and_fingers_is_not_drawn_with_them() -> None:
    subject = Conditioner(PuppetConfig(), target=KNIGHT, atlas=ATLAS, performer=SOURCE)
    scores = subject.place(dance(1)[0]).scores
    assert not scores[top.BODY.stop :].any() and scores[top.BODY].all()
    seen = Conditioner(PuppetConfig(), target=replace(KNIGHT, has_face=True, hand=9.0), atlas=ATLAS, performer=SOURCE)
    assert seen.place(dance(1)[0]).scores.all()

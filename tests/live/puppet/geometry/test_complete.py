import numpy as np
import pytest

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.geometry.body_stats import fit_stats
from live.puppet.geometry.complete import GLIDE_S, Completer
from tests.live.puppet.figure import clip, figure, without

TARGET = fit_stats(clip([460] * 40, [400] * 40, x=256))
RAISED = figure(floor=460, height=400, x=256, arms=2.2)
ARM = (top.L_ELBOW, top.L_WRIST)
LEGS = (top.R_KNEE, top.L_KNEE, top.R_ANKLE, top.L_ANKLE, *range(19, 25))
TRUNK = list(range(1, 15))


def completer() -> Completer:
    return Completer(TARGET, valid_score=0.3)


def run(subject: Completer, scores: list[F32], *, first_t_s: float = 0.0) -> list[F32]:
    """The points of RAISED through `subject` at 30 fps, one frame for each array of scores."""
    return [subject.apply(RAISED, s, first_t_s + i / 30, TARGET.torso)[0] for i, s in enumerate(scores)]


def test_nothing_changes_while_all_joints_are_seen() -> None:
    subject = completer()
    for i in range(5):
        points = figure(floor=460, height=400, x=256 + i, arms=0.4 * i)
        out, scores = subject.apply(points, without(), i / 30, TARGET.torso)
        assert np.array_equal(out, points) and np.array_equal(scores, without())


def test_legs_that_are_out_of_view_hang_below_the_hips() -> None:
    points, scores = completer().apply(RAISED, without(*LEGS), 0.0, TARGET.torso)
    thigh = TARGET.bones[6]
    for hip, knee, ankle, toe in (
        (top.R_HIP, top.R_KNEE, top.R_ANKLE, top.R_BIG_TOE),
        (top.L_HIP, top.L_KNEE, top.L_ANKLE, top.L_BIG_TOE),
    ):
        assert points[hip, 1] < points[knee, 1] < points[ankle, 1] < points[toe, 1]
        assert points[[knee, ankle], 0] == pytest.approx(points[hip, 0], abs=0.1 * thigh)
    assert points[top.R_KNEE, 1] - points[top.R_HIP, 1] == pytest.approx(thigh, rel=0.01)  # the target's own length
    assert (scores[list(LEGS)] == 1).all()


def test_an_unseen_arm_hangs_on_its_own_side() -> None:
    points, _ = completer().apply(RAISED, without(*ARM, top.R_ELBOW, top.R_WRIST), 0.0, TARGET.torso)
    assert points[top.L_WRIST, 0] > points[top.L_SHOULDER, 0] > points[top.R_SHOULDER, 0] > points[top.R_WRIST, 0]
    assert points[top.L_WRIST, 1] > points[top.L_ELBOW, 1] > points[top.L_SHOULDER, 1]


def test_what_is_seen_stays_where_it_is_seen() -> None:
    points, scores = completer().apply(RAISED, without(*LEGS), 0.0, TARGET.torso)
    others = [j for j in range(top.K) if j not in LEGS]
    assert np.array_equal(points[others], RAISED[others]) and (scores[others] == 1).all()


def test_a_joint_that_vanishes_and_returns_glides_both_ways() -> None:
    seen, gone = without(), without(*ARM)
    frames = run(completer(), [seen] * 5 + [gone] * 20 + [seen] * 20)
    wrists = np.array([points[top.L_WRIST] for points in frames])
    steps = np.linalg.norm(np.diff(wrists, axis=0), axis=1)
    whole_way = np.linalg.norm(wrists[0] - wrists[24])
    assert whole_way > 100  # from above the head to the hip
    assert steps.max() <= whole_way / (GLIDE_S * 30) * 1.01
    assert np.array_equal(frames[-1], RAISED)


def test_a_joint_that_is_lost_and_found_half_way_does_not_jump() -> None:
    seen, gone = without(), without(*ARM)
    frames = run(completer(), [seen] * 5 + [gone] * 4 + [seen] * 12)
    wrists = np.array([points[top.L_WRIST] for points in frames])
    rest = run(completer(), [gone])[0][top.L_WRIST]
    steps = np.linalg.norm(np.diff(wrists, axis=0), axis=1)
    assert steps.max() <= np.linalg.norm(RAISED[top.L_WRIST] - rest) / (GLIDE_S * 30) * 1.01


def test_without_a_neck_nothing_is_added() -> None:
    scores = without(*LEGS, top.NECK)
    points, out = completer().apply(RAISED, scores, 0.0, TARGET.torso)
    assert np.array_equal(points, RAISED) and np.array_equal(out, scores)


def test_the_arrays_given_are_not_written_to() -> None:
    points, scores = RAISED.copy(), without(*LEGS)
    completer().apply(points, scores, 0.0, TARGET.torso)
    assert np.array_equal(points, RAISED) and np.array_equal(scores, without(*LEGS))


def test_a_waist_up_target_has_legs_of_usual_length() -> None:
    hidden = without(*LEGS)
    poses = [
        p.__class__(p.frame_id, p.t_capture_s, p.points_px, p.depth_px, hidden, p.image_size)
        for p in clip([460] * 40, [400] * 40, x=256)
    ]
    half = fit_stats(poses)
    assert not half.has_legs
    points, _ = Completer(half, valid_score=0.3).apply(RAISED, hidden, 0.0, half.torso)
    assert points[top.R_ANKLE, 1] - points[top.R_HIP, 1] == pytest.approx(1.6 * half.torso, rel=0.01)


def test_reset_equals_new() -> None:
    used = completer()
    run(used, [without()] * 5 + [without(*ARM)] * 3)
    used.reset()
    scores = [without(*ARM)] * 3 + [without()] * 5
    for a, b in zip(run(used, scores), run(completer(), scores), strict=True):
        assert np.array_equal(a, b)

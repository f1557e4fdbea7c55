from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.puppet import topology as top
from live.puppet.values import PlacedPose
from live.scene.predictor import FARTHEST, SLOW, TRUST_S, Predictor
from tests.live.puppet.figure import figure, without
from tests.live.puppet.paper import torso_of

STANDING = figure(floor=460, height=400, x=256, arms=0.8)
TORSO = torso_of(STANDING)
FPS = 30


def pose(number: int, *, x: float = 0.0, scores: np.ndarray | None = None) -> PlacedPose:
    """The standing figure at frame `number`, `x` px to the right."""
    points = (STANDING + np.float32([x, 0])).astype(np.float32)
    return PlacedPose(number, number / FPS, points, without() if scores is None else scores, TORSO)


def walked(speed: float, *, frames: int = 20) -> list[PlacedPose]:
    """A figure that moves `speed` torso lengths a second to the right."""
    return [pose(n, x=speed * TORSO * n / FPS) for n in range(frames)]


def moved_px(poses: list[PlacedPose], ahead_s: float) -> np.ndarray:
    """(137, 2): how far the last pose is moved on, after the others."""
    predictor = Predictor(valid_score=0.3)
    motion = [predictor.step(placed) for placed in poses][-1]
    return motion.after(ahead_s).points_px - poses[-1].points_px


def test_a_joint_in_steady_motion_is_shown_further_on_and_never_beyond_where_it_will_be() -> None:
    speed, ahead_s = 4.0, 1 / FPS
    moved = moved_px(walked(speed), ahead_s)[:, 0]
    truth = speed * TORSO * ahead_s
    assert (moved > 0.6 * truth).all() and (moved <= truth).all()


def test_a_joint_at_rest_stays_where_it_is() -> None:
    rng = np.random.default_rng(0)
    trembling = [
        replace(placed, points_px=(placed.points_px + rng.normal(0, 0.3, (top.K, 2))).astype(np.float32))
        for placed in walked(0.0, frames=60)
    ]
    assert np.abs(moved_px(trembling, 0.1)).max() < 0.3


def test_a_sudden_stop_is_overshot_by_less_than_a_frame_and_forgotten_within_a_fifth_of_a_second() -> None:
    speed, ahead_s = 6.0, 2 / FPS
    walk = walked(speed)
    stopped = [pose(len(walk) + n, x=float((walk[-1].points_px - STANDING)[0, 0])) for n in range(6)]
    beyond = [moved_px(walk + stopped[: n + 1], ahead_s)[:, 0].max() for n in range(6)]
    assert beyond[0] < speed * TORSO / FPS
    assert max(beyond[3:]) < 1.0 and beyond == sorted(beyond, reverse=True)


def test_a_joint_that_is_elsewhere_for_one_frame_is_not_thrown_further() -> None:
    still = walked(0.0)
    points = STANDING.copy()
    points[top.L_WRIST] -= np.float32([0, 60])
    jumped = replace(pose(len(still)), points_px=points)
    back = pose(len(still) + 1)
    assert np.abs(moved_px([*still, jumped], 0.1)).max() < 0.5
    assert np.abs(moved_px([*still, jumped, back], 0.1)).max() < 0.5


@given(speed=st.floats(0, 200), ahead_s=st.floats(0, 2))
def test_no_joint_is_moved_further_than_the_limit(speed: float, ahead_s: float) -> None:
    moved = moved_px(walked(speed, frames=5), ahead_s)
    assert np.hypot(moved[:, 0], moved[:, 1]).max() <= FARTHEST * TORSO * 1.001
    assert moved[:, 0].max() <= speed * TORSO * TRUST_S + 1e-3


def test_a_joint_that_was_not_found_stands_still_and_a_doubtful_one_moves_less() -> None:
    for score, least, most in ((0.2, 0.0, 0.0), (0.4, 1.0, 4.0), (1.0, 8.0, 20.0)):
        scores = without()
        scores[top.R_KNEE] = score
        walk = [replace(placed, scores=scores) for placed in walked(4.0)]
        assert least <= moved_px(walk, 1 / FPS)[top.R_KNEE, 0] <= most


def test_fingers_and_face_move_on_as_a_whole() -> None:
    rng = np.random.default_rng(1)
    waving = []
    for placed in walked(4.0):
        points = placed.points_px.copy()
        points[top.R_HAND] += rng.normal(0, 6, (21, 2)).astype(np.float32)
        points[top.FACE] += rng.normal(0, 6, (70, 2)).astype(np.float32)
        waving.append(replace(placed, points_px=points))
    moved = moved_px(waving, 1 / FPS)
    assert moved[top.R_HAND] == pytest.approx(np.tile(moved[top.R_WRIST], (21, 1)), abs=1e-3)
    assert np.ptp(moved[top.FACE], axis=0).max() < 1e-3


def test_after_a_gap_and_after_a_reset_nothing_is_known_of_the_motion() -> None:
    walk = walked(4.0)
    late = replace(walk[-1], t_capture_s=walk[-2].t_capture_s + 0.5)
    assert not moved_px([*walk[:-1], late], 0.1).any()
    predictor = Predictor(valid_score=0.3)
    for placed in walk[:-1]:
        predictor.step(placed)
    predictor.reset()
    assert not predictor.step(walk[-1]).velocity.any()


def test_the_pose_that_came_is_not_changed_and_keeps_its_time() -> None:
    walk = walked(2 * SLOW)
    before = walk[-1].points_px.copy()
    predictor = Predictor(valid_score=0.3)
    shown = [predictor.step(placed) for placed in walk][-1].after(0.05)
    assert np.array_equal(walk[-1].points_px, before) and shown.t_capture_s == walk[-1].t_capture_s
    assert predictor.step(walk[-1]).after(0.0) is walk[-1]

from dataclasses import replace

import numpy as np
import pytest

from live.puppet import topology as top
from tests.live.puppet.paper import paper_atlas, torso_of
from tests.train.film import puppet, wave
from train.atlas.registration import register
from train.atlas.sample import TakeFrames

SIDE, COUNT = 256, 5
LEG = [top.R_HIP, top.R_KNEE, top.R_ANKLE, top.R_BIG_TOE]
FOOT = [top.R_SMALL_TOE, top.R_HEEL]


@pytest.fixture(scope="module")
def truth() -> TakeFrames:
    points = np.array([wave(3 * i, side=SIDE) for i in range(COUNT)])
    frames = np.array([puppet(p, side=SIDE) for p in points])
    size = np.array([torso_of(p) for p in points], np.float32)
    return TakeFrames(frames, points, np.ones((COUNT, top.K), np.float32), size, np.ones(COUNT, np.float32))


def off(points: np.ndarray, truth: TakeFrames) -> np.ndarray:
    """Distance of each joint from the truth, (N, 137)."""
    return np.linalg.norm(points - truth.points_px, axis=2)


@pytest.mark.parametrize("shift", [(4, 0), (-4, 0), (0, 4), (3, -3)])
def test_a_displaced_limb_moves_back_to_its_template(truth: TakeFrames, shift: tuple[int, int]) -> None:
    points = truth.points_px.copy()
    points[:, LEG + FOOT] += np.float32(shift)
    moved = off(register(replace(truth, points_px=points), paper_atlas(), valid_score=0.3), truth)
    assert moved[:, [top.R_KNEE, top.R_ANKLE, *FOOT]].max() < 2.0
    assert np.delete(moved, LEG + FOOT, axis=1).max() < 1.0


def test_a_limb_that_fits_is_left_alone(truth: TakeFrames) -> None:
    assert (
        off(register(truth, paper_atlas(), valid_score=0.3), truth).max() < 1.0
    )  # one texel of the registration: 1.1 px


def test_hands_follow_the_wrist_and_the_face_the_head(truth: TakeFrames) -> None:
    points = truth.points_px.copy()
    arm = [top.L_ELBOW, top.L_WRIST, *range(top.L_HAND.start, top.L_HAND.stop)]
    points[:, arm] += np.float32((4, 0))
    got = register(replace(truth, points_px=points), paper_atlas(), valid_score=0.3)
    step = got[:, top.L_WRIST] - points[:, top.L_WRIST]
    assert step[:, 0].max() < -2
    assert got[:, top.L_HAND] - points[:, top.L_HAND] == pytest.approx(np.tile(step[:, None], (1, 21, 1)), abs=1e-4)


def test_one_wrong_frame_is_outvoted_by_its_neighbours(truth: TakeFrames) -> None:
    points = truth.points_px.copy()
    frames = truth.rgba.copy()
    frames[2] = np.roll(frames[2], 4, axis=1)  # one picture jerks; the poses are right
    got = register(replace(truth, rgba=frames, points_px=points), paper_atlas(), valid_score=0.3)
    assert off(got, truth).max() < 1.0


def test_without_a_template_nothing_moves(truth: TakeFrames) -> None:
    from live.puppet.drawing.atlas import Atlas

    assert np.array_equal(register(truth, Atlas.empty(), valid_score=0.3), truth.points_px)


def test_the_poses_given_are_not_written_to(truth: TakeFrames) -> None:
    points = truth.points_px.copy()
    points[:, LEG] += 4
    before = points.copy()
    register(replace(truth, points_px=points), paper_atlas(), valid_score=0.3)
    assert np.array_equal(points, before)

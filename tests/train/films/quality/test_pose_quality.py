import numpy as np
import pytest

from engines.arrays import F32
from live.puppet import topology as top
from tests.live.puppet.figure import figure, without
from tests.live.puppet.paper import torso_of
from train.films.quality.pose_quality import PoseQuality, judge_poses

STANDING = figure(floor=230, height=200, x=128, arms=0.8)
SIZE = torso_of(STANDING)
COUNT = 12


def judge(
    points: F32, *, scores: F32 | None = None, mattes: np.ndarray | None = None, continuous: bool = True
) -> PoseQuality:
    seen = np.ones((COUNT, top.K), np.float32) if scores is None else scores
    whole = np.full((COUNT, 256, 256), 255, np.uint8) if mattes is None else mattes
    return judge_poses(points, seen, np.full(COUNT, SIZE, np.float32), whole, continuous=continuous)


def still() -> F32:
    return np.tile(STANDING, (COUNT, 1, 1))


def test_good_poses_weigh_1() -> None:
    quality = judge(still() + np.arange(COUNT, dtype=np.float32)[:, None, None])
    assert (quality.weight == 1).all() and quality.weight.dtype == np.float32
    assert not any(f.any() for f in (quality.nobody, quality.back_views, quality.jumps, quality.outside_matte))


@pytest.mark.parametrize("joint", [top.R_WRIST, top.L_ANKLE])
def test_a_jump_and_its_neighbours_weigh_0(joint: int) -> None:
    points = still()
    points[5, joint, 0] += 0.5 * SIZE
    quality = judge(points)
    assert np.flatnonzero(quality.weight == 0).tolist() == [4, 5, 6] and quality.jumps.sum() == 3


def test_single_poses_cannot_jump() -> None:
    points = still()
    points[5, top.R_WRIST, 0] += 0.5 * SIZE
    assert (judge(points, continuous=False).weight == 1).all()


def test_a_hand_that_is_fast_for_several_frames_is_no_jump() -> None:
    points = still()
    for i, way in enumerate((0.2, 0.7, 1.2, 1.5)):
        points[5 + i :, top.R_WRIST, 0] = STANDING[top.R_WRIST, 0] + way * SIZE
    assert (judge(points).weight == 1).all()


def test_a_fast_hand_is_no_jump_and_a_hidden_one_neither() -> None:
    points = still()
    points[5, top.R_WRIST, 0] += 0.4 * SIZE
    points[8, top.L_WRIST, 0] += 2 * SIZE
    scores = np.tile(without(), (COUNT, 1))
    scores[8, top.L_WRIST] = 0
    mattes = np.full((COUNT, 256, 256), 255, np.uint8)
    assert (judge(points, scores=scores, mattes=mattes).weight == 1).all()


def test_back_views_count_less() -> None:
    points = still()
    points[3:6, :, 0] = 256 - points[3:6, :, 0]
    scores = np.tile(without(top.R_WRIST, top.L_WRIST, top.R_ANKLE, top.L_ANKLE), (COUNT, 1))  # the turn is no jump
    quality = judge(points, scores=scores)
    assert quality.weight[3:6] == pytest.approx(0.3) and quality.back_views.sum() == 3
    assert (np.delete(quality.weight, [3, 4, 5]) == 1).all()


def test_nobody_weighs_0() -> None:
    scores = np.ones((COUNT, top.K), np.float32)
    scores[7] = 0
    quality = judge(still(), scores=scores)
    assert np.flatnonzero(quality.weight == 0).tolist() == [7] and quality.nobody.sum() == 1


def test_each_joint_outside_the_matte_halves_the_weight() -> None:
    mattes = np.full((COUNT, 256, 256), 255, np.uint8)
    for frame, joints in ((2, (top.R_WRIST,)), (9, (top.R_WRIST, top.L_KNEE))):
        for joint in joints:
            x, y = STANDING[joint].astype(int)
            mattes[frame, y - 9 : y + 10, x - 9 : x + 10] = 0
    quality = judge(still(), mattes=mattes)
    assert quality.weight[[2, 9]].tolist() == [0.5, 0.25] and quality.outside_matte.sum() == 2

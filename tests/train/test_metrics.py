import numpy as np
import pytest

from live.puppet.values import Pose
from train import metrics


def noise(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (64, 64, 3), dtype=np.uint8)


def square() -> np.ndarray:
    matte = np.zeros((64, 64), np.uint8)
    matte[20:40, 24:44] = 255
    return matte


def pose(shift: float, *, unseen: int = 0) -> Pose:
    scores = np.ones(137, np.float32)
    scores[:unseen] = 0
    return Pose(0, 0.0, np.full((137, 2), shift, np.float32), np.zeros(137, np.float32), scores, (64, 64))


def test_equal_pictures_are_fully_similar() -> None:
    assert metrics.ssim_map(noise(), noise()).min() == pytest.approx(1.0, abs=1e-4)


def test_similarity_falls_with_noise_and_with_blur() -> None:
    real = noise()
    assert metrics.ssim_map(noise(1), real).mean() < 0.1
    assert metrics.ssim_map(np.full_like(real, 128), real).mean() < 0.1
    assert 0.1 < metrics.ssim_map((real // 2 + 64).astype(np.uint8), real).mean() < 0.95


def test_the_body_box_holds_the_figure_and_a_margin() -> None:
    assert metrics.body_box(square()) == (slice(4, 56), slice(8, 60))
    assert metrics.body_box(np.zeros((64, 64), np.uint8)) is None


def test_detail_is_lost_by_blur_and_only_the_inside_counts() -> None:
    picture = noise()
    grey = np.full_like(picture, 128)
    outside = np.where(square()[..., None] > 0, grey, picture)
    assert metrics.detail(picture, square()) > 100
    assert metrics.detail(outside, square()) == 0
    assert metrics.detail(picture, np.zeros((64, 64), np.uint8)) == 0


def test_overlap_is_intersection_over_union() -> None:
    half = square()
    half[:30] = 0
    assert metrics.overlap(half, square()) == 0.5
    assert metrics.overlap(np.zeros_like(half), np.zeros_like(half)) == 1


def test_pose_distance_counts_body_joints_that_both_show() -> None:
    assert metrics.pose_distance(pose(3), pose(0)) == (pytest.approx(25 * np.hypot(3, 3), rel=1e-5), 25)
    assert metrics.pose_distance(pose(3, unseen=5), pose(0))[1] == 20
    assert metrics.missed(pose(0, unseen=5), pose(0)) == (5, 25)
    assert metrics.missed(pose(0), pose(0, unseen=5)) == (0, 20)

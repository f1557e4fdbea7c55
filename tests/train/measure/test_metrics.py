import cv2
import numpy as np
import pytest

from live.puppet import topology as top
from live.puppet.values import FaceBox, Pose
from train.measure import metrics


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


def test_pose_distance_counts_joints_of_the_part_that_both_show() -> None:
    assert metrics.pose_distance(pose(3), pose(0), "body") == (pytest.approx(25 * np.hypot(3, 3), rel=1e-5), 25)
    assert metrics.pose_distance(pose(3, unseen=5), pose(0), "body")[1] == 20
    assert metrics.missed(pose(0, unseen=5), pose(0), "body") == (5, 25)
    assert metrics.missed(pose(0), pose(0, unseen=5), "body") == (0, 20)


def test_hands_count_only_where_the_real_hand_is_seen() -> None:
    real, found = pose(0), pose(1)
    real.scores[top.L_HAND] = 0
    assert metrics.pose_distance(found, real, "hands")[1] == 21
    assert metrics.missed(found, real, "hands") == (0, 21)
    assert metrics.pose_distance(found, real, "face")[1] == 70


def test_equal_motion_has_no_flow_distance_and_opposite_motion_has_twice_its_length() -> None:
    base = cv2.normalize(cv2.GaussianBlur(noise(), (0, 0), 2), None, 0, 255, cv2.NORM_MINMAX)
    right, left = (np.roll(base, pixels, axis=1) for pixels in (2, -2))
    there, back = metrics.flow(base, right), metrics.flow(base, left)
    assert metrics.flow_distance(there, there) == 0
    assert np.median(there[16:-16, 16:-16, 0]) == pytest.approx(2, abs=0.4)  # x comes first
    assert metrics.flow_distance(there[16:-16, 16:-16], back[16:-16, 16:-16]) == pytest.approx(4, abs=0.8)


def test_outside_is_the_share_of_the_matte_far_from_the_doll() -> None:
    matte, doll = np.zeros((128, 128), np.uint8), np.zeros((128, 128), np.uint8)
    doll[20:40, 20:40] = 255
    matte[20:40, 20:42] = 255  # two pixels over: within 1/64 of the canvas
    assert metrics.outside(matte, doll) == 0
    matte[60:70, 60:70] = 255
    assert metrics.outside(matte, doll) == pytest.approx(100 * 100 / (440 + 100))
    assert metrics.outside(np.zeros_like(matte), doll) == 0


def test_a_face_box_is_rows_then_columns() -> None:
    assert metrics.square(FaceBox(1, 2, 5, 6)) == (slice(2, 6), slice(1, 5))
    assert metrics.resized(noise(), 16).shape == (16, 16, 3)


def test_even_motion_of_brightness_has_no_jerk_and_trembling_has() -> None:
    frames = [np.full((4, 4, 3), level, np.uint8) for level in (100, 110, 120, 110)]
    assert metrics.jerk(*frames[:3]) == 0
    assert metrics.jerk(*frames[1:]) == 20


def test_change_counts_what_is_marked_and_nothing_else() -> None:
    a, b = noise(), noise()
    b[:32] = 255 - a[:32] // 2
    b[40:, :, 1] = np.where(a[40:, :, 1] > 127, a[40:, :, 1] - 6, a[40:, :, 1] + 6)
    lower = np.zeros((64, 64), np.bool_)
    lower[40:] = True
    assert metrics.change_where(a, b, lower) == pytest.approx(2)
    assert metrics.change(a[40:], b[40:]) == pytest.approx(2)

import cv2
import numpy as np
import pytest

from engines.arrays import F32, U8
from live.puppet import topology as top
from tests.live.puppet.figure import figure, without
from tests.live.puppet.paper import blotches
from train.films.matte import camera_moves, joints_outside, make_plate, person_box, sharpen_matte

WALL = blotches(96, 128, seed=1)
STANDING = figure(floor=230, height=200, x=128, arms=0.8)


def block_at(x: int) -> tuple[U8, U8]:
    """A picture of the wall with a white block before it, and the block's matte."""
    picture, matte = WALL.copy(), np.zeros((96, 128), np.uint8)
    picture[30:70, x : x + 24], matte[30:70, x : x + 24] = 255, 255
    return picture, matte


def disc(radius: int) -> U8:
    return np.asarray(cv2.circle(np.zeros((96, 128), np.uint8), (64, 48), radius, (255,), -1), np.uint8)


def test_the_plate_is_what_stands_behind_a_moving_block() -> None:
    pictures, mattes = zip(*(block_at(x) for x in range(4, 100, 8)), strict=True)
    assert np.array_equal(make_plate(pictures, mattes), WALL)


def test_where_the_block_never_moves_away_the_surroundings_are_smeared_in() -> None:
    pictures, mattes = zip(*(block_at(x) for x in (50, 54, 58)), strict=True)
    plate = make_plate(pictures, mattes)
    assert np.array_equal(plate[:, :40], WALL[:, :40])
    assert (plate[30:70, 58:74].max(axis=2) <= 230).all()  # no white block: the wall has no brighter spot than 225


def test_a_wrong_picture_among_many_does_not_reach_the_plate() -> None:
    pictures = [WALL.copy() for _ in range(9)]
    pictures[4][:] = 255
    assert np.array_equal(make_plate(pictures, [np.zeros((96, 128), np.uint8)] * 9), WALL)


def test_a_soft_matte_is_corrected_by_what_differs_from_the_plate() -> None:
    true = disc(30)
    picture = np.where(true[..., None] > 0, np.uint8(250), WALL // 2)
    for soft in (disc(27), disc(33)):
        sharp = sharpen_matte(picture, np.asarray(cv2.GaussianBlur(soft, (0, 0), 1.5), np.uint8), WALL // 2)
        wrong, wrong_before = (np.count_nonzero((m > 127) != (true > 127)) for m in (sharp, soft))
        assert wrong < 0.35 * wrong_before


def test_what_differs_far_from_the_matte_does_not_join_it() -> None:
    picture = np.where(disc(20)[..., None] > 0, np.uint8(250), WALL // 2)
    picture[:10, :10] = 250
    assert sharpen_matte(picture, disc(20), WALL // 2)[:10, :10].max() == 0


def test_clothes_of_the_walls_colour_stay_inside_the_matte() -> None:
    assert sharpen_matte(WALL, disc(20), WALL)[48, 64] == 255


def test_a_moving_camera_is_told_from_a_moving_figure() -> None:
    pictures, mattes = zip(*(block_at(x) for x in range(4, 100, 8)), strict=True)
    shaken = [np.roll(picture, 6 * (i % 3), axis=1) for i, picture in enumerate(pictures)]
    assert camera_moves(pictures, mattes, WALL) < 1 < 5 < camera_moves(shaken, mattes, WALL)


def test_the_person_box_holds_all_seen_joints_and_stays_inside() -> None:
    box = person_box(STANDING, without(), (256, 256), margin=0.1)
    assert box is not None
    x0, y0, x1, y1 = box
    assert (STANDING >= (x0, y0)).all() and (STANDING <= (x1, y1)).all()
    assert 0 <= x0 < x1 <= 256 and 0 <= y0 < y1 <= 256
    assert person_box(STANDING, without(), (256, 256), margin=9.0) == (0, 0, 256, 256)


@pytest.mark.parametrize(
    ("points", "scores"),
    [
        (STANDING, np.zeros(top.K, np.float32)),
        (STANDING, 1 - without(top.NOSE, top.NECK)),
        (STANDING + np.float32(5000), without()),
    ],
)
def test_without_enough_joints_in_the_picture_there_is_no_box(points: F32, scores: F32) -> None:
    assert person_box(points, scores, (256, 256), margin=0.1) is None


def test_limb_joints_outside_the_matte_are_counted() -> None:
    matte = np.full((256, 256), 255, np.uint8)
    assert joints_outside(STANDING, without(), matte, reach_px=4) == 0
    x, y = STANDING[top.R_WRIST].astype(int)
    cv2.circle(matte, (x, y), 8, (0,), -1)
    assert joints_outside(STANDING, without(), matte, reach_px=4) == 1
    assert joints_outside(STANDING, without(), matte, reach_px=12) == 0
    assert joints_outside(STANDING, without(top.R_WRIST), matte, reach_px=4) == 0

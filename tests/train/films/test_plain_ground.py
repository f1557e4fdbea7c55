import cv2
import numpy as np

from engines.arrays import U8
from tests.live.puppet.paper import blotches
from tests.train.film import puppet, wave
from tests.train.picture_set import GROUND, picture
from train.films.plain_ground import cut_from_ground, plain_plate

PICTURES = [picture(i) for i in range(0, 60, 6)]


def ground() -> U8:
    return np.tile(np.array(GROUND, np.uint8), (128, 128, 1))


def test_the_plate_of_a_plain_ground_is_its_colour() -> None:
    plate = plain_plate(PICTURES)
    assert plate is not None and np.abs(plate.astype(int) - ground()).max() <= 2


def test_a_wall_is_no_plain_ground() -> None:
    wall = blotches(128, 128, seed=3)
    assert plain_plate([np.where(p == ground(), wall, p) for p in PICTURES]) is None


def test_the_matte_is_the_figure_with_a_soft_edge() -> None:
    for i in (0, 12, 30):
        noise = np.random.default_rng(i).normal(0, 1.5, (128, 128, 3))
        noisy = np.clip(picture(i) + noise, 0, 255).astype(np.uint8)
        matte, true = cut_from_ground(noisy, ground()), puppet(wave(i))[..., 3]
        wrong = (matte > 127) != (true > 127)
        assert wrong.mean() < 0.012  # the figure is 13% of the picture
        far = cv2.dilate(true, np.ones((9, 9), np.uint8)) == 0
        assert matte[far].max() == 0
    assert ((matte > 20) & (matte < 235)).any()


def test_highlights_in_the_grounds_colour_are_filled_and_gaps_are_not() -> None:
    rgb = ground()
    cv2.rectangle(rgb, (30, 20), (90, 110), (90, 40, 40), -1)
    cv2.circle(rgb, (60, 40), 2, GROUND, -1)  # a highlight
    cv2.rectangle(rgb, (50, 70), (70, 95), GROUND, -1)  # between arm and body
    matte = cut_from_ground(rgb, ground())
    assert matte[40, 60] == 255 and matte[82, 60] == 0 and matte[60, 60] == 255 and matte[5, 5] == 0


def test_dirt_beside_the_figure_is_left_out() -> None:
    rgb = ground()
    cv2.rectangle(rgb, (30, 20), (90, 110), (90, 40, 40), -1)
    rgb[5:8, 5:8] = 0
    assert cut_from_ground(rgb, ground())[:12, :12].max() == 0

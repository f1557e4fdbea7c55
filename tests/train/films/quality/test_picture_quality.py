import cv2
import numpy as np
import pytest

from engines.arrays import U8
from tests.live.puppet.paper import blotches
from train.films.quality.picture_quality import CUT_WEIGHT, EDGE_WEIGHT, PictureQuality, judge_pictures

HEIGHT, WIDTH, COUNT = 160, 200, 7
WHOLE = (0, 0, WIDTH, HEIGHT)
CLOTH = cv2.resize(np.random.default_rng(1).integers(0, 255, (40, 50, 3), dtype=np.uint8), (WIDTH, HEIGHT))


def frame(x: int = 80, y: int = 30, *, width: int = 40, height: int = 100) -> U8:
    """A figure as a textured block before a wall."""
    matte = np.zeros((HEIGHT, WIDTH), np.uint8)
    matte[y : y + height, max(x, 0) : x + width] = 255
    rgb = np.where(matte[..., None] > 0, CLOTH, blotches(HEIGHT, WIDTH, seed=2))
    return np.dstack([rgb, matte])


def judge(
    odd: U8, *, inside: tuple[int, int, int, int] = WHOLE, stands: bool = True, told: bool = False
) -> PictureQuality:
    """Frame 3 of a take of good ones is `odd`."""
    frames = [frame(70 + i) for i in range(COUNT)]
    frames[3] = odd
    several = np.zeros(COUNT, np.bool_)
    several[3] = told
    return judge_pictures(frames, inside=inside, stands=stands, several=several)


def test_good_pictures_weigh_1() -> None:
    quality = judge(frame())
    assert (quality.weight == 1).all() and quality.weight.dtype == np.float32
    assert not (quality.several | quality.cut_off | quality.blurred).any()


def test_a_blurred_picture_counts_less() -> None:
    odd = frame()
    odd[..., :3] = cv2.GaussianBlur(odd[..., :3], (0, 0), 3)
    quality = judge(odd)
    assert np.flatnonzero(quality.blurred).tolist() == [3] and 0 < quality.weight[3] < 0.35


def test_a_second_figure_is_found_and_thrown_away() -> None:
    odd = frame()
    odd[40:130, 150:180, 3] = 255
    quality = judge(odd)
    assert np.flatnonzero(quality.several).tolist() == [3] and quality.weight[3] == 0


def test_a_bag_beside_the_figure_is_no_second_one() -> None:
    odd = frame()
    odd[110:130, 150:180, 3] = 255
    assert not judge(odd).several.any()


def test_a_second_figure_that_is_told_is_believed() -> None:
    quality = judge(frame(), told=True)
    assert quality.weight[3] == 0 and np.flatnonzero(quality.several).tolist() == [3]


@pytest.mark.parametrize("odd", [frame(-20), frame(180), frame(80, 0)])
def test_a_figure_that_the_canvas_cuts_off_is_told_and_counts_a_little_less(odd: U8) -> None:
    quality = judge(odd)
    assert np.flatnonzero(quality.cut_off).tolist() == [3] and quality.weight[3] == np.float32(EDGE_WEIGHT)


def test_a_figure_that_the_pictures_edge_cuts_off_inside_the_canvas_counts_less() -> None:
    odd = frame(10, width=40)
    odd[:, :30, 3] = 0
    quality = judge(odd, inside=(30, 0, WIDTH - 30, HEIGHT))
    assert quality.cut_off[3] and quality.weight[3] == np.float32(CUT_WEIGHT)


def test_a_waist_up_take_is_cut_by_its_lower_edge_always() -> None:
    odd = frame(80, 60)
    assert judge(odd, stands=True).cut_off[3] and not judge(odd, stands=False).cut_off.any()


def test_frames_without_a_figure_are_not_judged() -> None:
    odd = frame()
    odd[..., 3] = 0
    quality = judge(odd)
    assert not quality.blurred[3] and quality.weight[3] == 1

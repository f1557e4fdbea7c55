import numpy as np
import pytest

from engines.arrays import U8
from tests.live.puppet.paper import blotches
from train.films.quality.steadiness import Steadiness, judge_steadiness

SIDE, COUNT = 256, 45
WALL = blotches(SIDE, SIDE, seed=1, cells=40)


def film(*, shake_px: int = 0, light: float = 0.0, wall: U8 = WALL) -> U8:
    """A block walks before the wall."""
    frames = np.zeros((COUNT, SIDE, SIDE, 4), np.uint8)
    for i in range(COUNT):
        seen = np.roll(wall, shake_px * (i % 3), axis=1)
        frames[i, ..., :3] = np.clip(seen * (1 + light * i / COUNT), 0, 255)
        frames[i, 60:200, 60 + i : 120 + i] = 255
    return frames


def test_a_walking_figure_is_no_moving_camera() -> None:
    found = judge_steadiness(film())
    assert found.moved_px < 0.3 and found.light < 0.02 and found.warnings() == []


def test_a_shaking_camera_is_told() -> None:
    found = judge_steadiness(film(shake_px=4))
    assert 6 < found.moved_px < 18  # 4 or 8 px at a time, at a canvas of 512: twice as many
    assert len(found.warnings()) == 1 and "tripod" in found.warnings()[0]


def test_changing_light_is_told() -> None:
    found = judge_steadiness(film(light=0.4))
    assert 0.2 < found.light < 0.5 and any("exposure" in text for text in found.warnings())


def test_a_plain_wall_says_nothing_about_the_camera() -> None:
    found = judge_steadiness(film(wall=np.full_like(WALL, 120)))
    assert np.isnan(found.moved_px) and found.warnings() == []


@pytest.mark.parametrize("value", [float("nan")])
def test_what_is_not_known_is_no_warning(value: float) -> None:
    assert Steadiness(value, value).warnings() == []

import numpy as np

from tests.live.puppet.paper import blotches
from train.atlas.palette import Palette

SKIN, COAT = np.array([200, 150, 120]), np.array([90, 30, 110])


def shaded(colour: np.ndarray, count: int) -> np.ndarray:
    """(count, 3) uint8: the colour in light and shade."""
    light = np.random.default_rng(0).uniform(0.7, 1.1, (count, 1))
    return np.clip(colour * light, 0, 255).astype(np.uint8)


def test_a_coat_behind_the_hand_does_not_belong_and_the_hand_does() -> None:
    texture = np.full((40, 40, 4), 255, np.uint8)
    texture[:, :20, :3] = shaded(SKIN, 800).reshape(40, 20, 3)
    texture[:, 20:, :3] = shaded(COAT, 800).reshape(40, 20, 3)
    belongs = Palette(shaded(SKIN, 500)).belongs(texture)
    assert (belongs[:, :17] > 0.9).mean() > 0.95 and (belongs[:, 23:] == 0).all()


def test_points_beside_the_hand_do_not_make_the_coat_a_colour_of_the_hand() -> None:
    mostly = np.concatenate([shaded(SKIN, 900), shaded(COAT, 100)])
    assert not Palette(mostly).belongs(np.tile(np.uint8([*COAT, 255]), (8, 8, 1))).any()


def test_dark_and_bright_ends_of_the_scale_do_not_meet() -> None:
    black = Palette(np.zeros((50, 3), np.uint8))
    assert not black.belongs(np.full((8, 8, 4), 255, np.uint8)).any()
    assert (black.belongs(np.zeros((8, 8, 4), np.uint8)) == 1).all()


def test_without_a_single_texel_everything_may_belong() -> None:
    texture = np.dstack([blotches(8, 8, seed=1), np.full((8, 8), 255, np.uint8)])
    assert (Palette(np.zeros((0, 3), np.uint8)).belongs(texture) == 1).all()

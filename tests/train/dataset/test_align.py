import numpy as np

from tests.live.puppet.paper import blotches
from train.dataset.align import LIMIT_PX, align, find_flow

SIDE = 160


def picture(shift: int = 0) -> np.ndarray:
    """(SIDE, SIDE, 4) uint8: a patterned square on a wall, `shift` px to the right."""
    rgba = np.dstack([blotches(SIDE, SIDE, seed=1) // 4, np.zeros((SIDE, SIDE), np.uint8)])
    left = 48 + shift
    rgba[40:120, left : left + 64, :3] = blotches(80, 64, seed=2)
    rgba[40:120, left : left + 64, 3] = 255
    return np.ascontiguousarray(rgba.astype(np.uint8))


def apart(a: np.ndarray, b: np.ndarray) -> float:
    """Mean difference of the colours on the doll."""
    return float(np.abs(a[..., :3].astype(int) - b[..., :3])[picture()[..., 3] > 0].mean())


def test_a_picture_that_lies_on_the_doll_stays() -> None:
    assert apart(align(picture(), picture()), picture()) < 1


def test_a_picture_some_pixels_off_is_brought_back() -> None:
    for shift in (-6, -3, 4, 7):
        assert apart(align(picture(), picture(shift)), picture()) < 0.4 * apart(picture(shift), picture())


def test_the_matte_comes_along() -> None:
    bent = align(picture(), picture(5))
    before = (np.abs(picture(5)[..., 3].astype(int) - picture()[..., 3]) > 127).sum()
    assert (np.abs(bent[..., 3].astype(int) - picture()[..., 3]) > 127).sum() < 0.5 * before


def test_nothing_is_bent_further_than_the_limit_and_nothing_far_from_the_doll() -> None:
    flow = find_flow(picture(), picture(30))
    assert np.hypot(flow[..., 0], flow[..., 1]).max() <= LIMIT_PX + 0.5
    assert np.abs(flow[:8]).max() < 0.5 and np.abs(flow[-8:]).max() < 0.5


def test_an_empty_doll_bends_nothing() -> None:
    empty = np.zeros_like(picture())
    assert np.array_equal(align(empty, picture()), picture())

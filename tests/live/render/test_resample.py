"""Resampling: exact means over areas, anywhere between the pixels, without a jump."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.render.resample import resample


def ramp(side: int = 40) -> np.ndarray:
    """(side, side, 2): the middle of each pixel holds its own x and y."""
    y, x = np.mgrid[:side, :side] + 0.5
    return np.stack([x, y], 2).astype(np.float32)


@given(st.floats(3, 12), st.floats(3, 12), st.floats(0.05, 3))
def test_of_a_ramp_each_new_pixel_holds_the_place_of_its_middle(x0: float, y0: float, step: float) -> None:
    out = resample(ramp(), x0=x0, y0=y0, step=step, size=(8, 6))
    assert out.shape == (6, 8, 2) and out.dtype == np.float32
    assert np.allclose(out[..., 0], x0 + (np.arange(8) + 0.5) * step, atol=1e-3)
    assert np.allclose(out[..., 1], (y0 + (np.arange(6) + 0.5) * step)[:, None], atol=1e-3)


def test_large_steps_are_means_and_small_ones_are_linear() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    shrunk = resample(noise, x0=0, y0=0, step=8, size=(4, 4))
    blocks = noise.reshape(4, 8, 4, 8, 3).mean(axis=(1, 3))
    assert np.abs(shrunk - blocks)[1:3, 1:3].max() < 12, "its neighbours' edges count a little"
    assert shrunk.mean() == pytest.approx(noise.mean(), rel=0.01)
    grown = resample(noise, x0=10.5, y0=10.5, step=0.001, size=(1, 1))
    assert np.allclose(grown[0, 0], noise[10, 10], atol=0.5)


def test_outside_the_picture_its_edge_is_repeated() -> None:
    flat = np.full((5, 5, 1), 7.0, np.float32)
    assert np.allclose(resample(flat, x0=-20, y0=-20, step=1.3, size=(40, 40)), 7)
    assert np.allclose(resample(ramp(), x0=100, y0=3, step=1, size=(2, 2))[..., 0], 39.5)


@pytest.mark.parametrize("step", [0.5, 1.0, 2.0, 3.0])
def test_a_hair_more_changes_a_hair(step: float) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (64, 64, 1), np.uint8)
    a = resample(noise, x0=4.0, y0=4.0, step=step - 1e-4, size=(16, 16))
    b = resample(noise, x0=4.0001, y0=3.9999, step=step + 1e-4, size=(16, 16))
    assert np.abs(a - b).max() < 1.0

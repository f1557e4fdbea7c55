"""Pictures as cells: there and back, and the same cells that a network makes of a picture."""

import numpy as np
import pytest

from engines.cells import Border, cell_size
from engines.engine import TensorSpec


def cells_of(picture: np.ndarray, size: int) -> np.ndarray:
    """As a network does it (train/networks/networks.py, `to_cells`)."""
    n, height, width, channels = picture.shape
    rows = picture.reshape(n, height // size, size, width // size, size * channels)
    return rows.transpose(0, 1, 3, 2, 4).reshape(n, height // size, width // size, -1)


@pytest.mark.parametrize("size", [2, 4])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_picture_is_laid_down_as_a_network_would_and_read_back(size: int, order: str) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (1, 8, 16, 4), np.uint8)
    border = Border(TensorSpec("doll", picture.shape), cells_of(picture, size).shape)
    border.write(np.asarray(picture, order=order))  # type: ignore[call-overload]
    assert np.array_equal(border.array, cells_of(picture, size))
    back = np.zeros_like(picture)
    border.read(back)
    assert np.array_equal(back, picture)


def test_a_port_of_the_picture_s_own_shape_is_filled_as_it_is() -> None:
    picture = np.arange(48, dtype=np.uint8).reshape(1, 4, 4, 3)
    border = Border(TensorSpec("x", picture.shape), picture.shape)
    border.write(picture)
    assert not border.shuffled
    assert np.array_equal(border.array, picture)


@pytest.mark.parametrize(
    ("port", "size"),
    [
        ((1, 512, 512, 4), 1),
        ((1, 128, 128, 64), 4),
        ((1, 256, 256, 16), 2),
        ((1, 128, 128, 4), 0),
        ((1, 128, 128, 64, 1), 0),
        ((1, "height", 128, 64), 0),
        ((2, 128, 128, 64), 0),
        ((1, 1024, 1024, 1), 0),
        ((), 0),
    ],
)
def test_only_whole_cells_fit(port: tuple[object, ...], size: int) -> None:
    assert cell_size((1, 512, 512, 4), port) == size


def test_a_port_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit a port"):
        Border(TensorSpec("x", (1, 8, 8, 4)), (1, 4, 4, 4))

"""Cells: a picture as blocks of pixels, the layout that networks compute on, and its conversion.

A picture (1, H, W, C) as cells of B pixels is (1, H/B, W/B, B*B*C): each cell holds its rows one after the other. In
numpy this is a copy of 16-byte pieces (0.04 ms at 512x512); inside a graph the same shuffle costs 0.7 ms.
"""

import numpy as np
import numpy.typing as npt

from engines.arrays import U8
from engines.engine import TensorSpec


def cell_size(picture: tuple[int, ...], port: tuple[object, ...]) -> int:
    """B if `port` is the shape of a `picture`'s cells, 1 if both shapes are the same, 0 if they do not fit."""
    if picture == port:
        return 1
    if len(picture) != 4 or len(port) != 4 or not isinstance(port[1], int) or port[1] < 1:
        return 0
    n, height, width, channels = picture
    size = height // port[1]
    return size if size and port == (n, height // size, width // size, size * size * channels) else 0


class Border:
    """One tensor of a model: an ordinary picture outside, kept in the layout of the model's own `port` shape.

    The model reads or writes `array`, C-contiguous uint8 of that shape. Raises ValueError where `cell_size` gives 0.
    """

    def __init__(self, tensor: TensorSpec, port: tuple[int, ...]) -> None:
        self._size = cell_size(tensor.shape, port)
        if not self._size:
            raise ValueError(f"{tensor} does not fit a port of shape {port}")
        self._shape = tensor.shape
        self.array: U8 = np.zeros(port, np.uint8)
        self._cells = self._rows_of_cells() if self.shuffled else None

    @property
    def shuffled(self) -> bool:
        """Whether the model's layout differs from the picture's."""
        return self._size > 1

    def write(self, picture: U8) -> None:
        """Copy `picture`, in any memory layout, into `array`."""
        if self._cells is None:
            np.copyto(self.array, picture)
        else:
            np.copyto(self._cells, self._rows(np.ascontiguousarray(picture)))

    def read(self, picture: U8) -> None:
        """Copy what the model wrote into `picture`, which is C-contiguous."""
        if self._cells is None:
            np.copyto(picture, self.array)
        else:
            np.copyto(self._rows(picture), self._cells)

    def _rows(self, picture: U8) -> npt.NDArray[np.void]:
        """A view (row of cells, row within it, cell); each item is one row of one cell."""
        _, height, width, channels = self._shape
        size = self._size
        rows = picture.reshape(height // size, size, width // size, size * channels)
        return rows.view(f"V{size * channels}")[..., 0]

    def _rows_of_cells(self) -> npt.NDArray[np.void]:
        """The same view of `array`."""
        _, height, width, channels = self._shape
        size = self._size
        cells = self.array.reshape(height // size, width // size, size, size * channels)
        return cells.view(f"V{size * channels}")[..., 0].transpose(0, 2, 1)

"""A film's picture as it is to be seen: turned and mirrored as its display matrix says."""

from collections.abc import Mapping
from typing import Any, cast

import av
import numpy as np
from av.sidedata.sidedata import Type

from engines.arrays import U8

Matrix = tuple[int, int, int, int]  # shown x = a * x + c * y, shown y = b * x + d * y
PLAIN: Matrix = (1, 0, 0, 1)


def display_matrix(frame: av.VideoFrame) -> Matrix:
    """(a, b, c, d) in quarter turns: of the eight ways in which a picture can lie, the nearest. Each -1, 0 or 1.

    A frame that was asked is freed by the garbage collector only (PyAV ties it to its side data): ask one of a film.
    """
    data = cast(Mapping[Type, Any], frame.side_data).get(Type.DISPLAYMATRIX)
    if data is None:
        return PLAIN
    # Nine numbers, row by row: a, b, u, c, d, v, x, y, w; of these only four turn the picture.
    a, b, _, c, d = (int(value) for value in np.frombuffer(memoryview(data), np.int32)[:5])
    if a * d == b * c:  # a picture without an area: nobody meant that
        return PLAIN
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return _sign(a or d), 0, 0, _sign(d or a)
    return 0, _sign(b or c), _sign(c or b), 0


def upright(image: U8, matrix: Matrix) -> U8:
    """`image` (H, W, C) as it is shown; itself where nothing is to be done, else a new one."""
    a, b, c, d = matrix
    if b:
        image = image.transpose(1, 0, 2)
    if (a or c) < 0:
        image = image[:, ::-1]
    if (b or d) < 0:
        image = image[::-1]
    return np.ascontiguousarray(image)


def _sign(value: int) -> int:
    return -1 if value < 0 else 1

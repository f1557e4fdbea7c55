"""Turns and mirrors a film's picture as its display matrix says."""

from collections.abc import Mapping
from typing import Any, cast

import av
import numpy as np
from av.sidedata.sidedata import Type

from engines.arrays import U8

Matrix = tuple[int, int, int, int]  # shown x = a * x + c * y, shown y = b * x + d * y
PLAIN: Matrix = (1, 0, 0, 1)


def display_matrix(frame: av.VideoFrame) -> Matrix:
    """(a, b, c, d), each -1, 0 or 1: the nearest of the eight ways in which a picture can lie.

    Ask only one frame per film: afterwards, only the garbage collector frees it (PyAV ties it to its side data).
    """
    data = cast(Mapping[Type, Any], frame.side_data).get(Type.DISPLAYMATRIX)
    if data is None:
        return PLAIN
    # Nine numbers, row by row: a, b, u, c, d, v, x, y, w; of these only four turn the picture.
    a, b, _, c, d = (int(value) for value in np.frombuffer(memoryview(data), np.int32)[:5])
    if a * d == b * c:  # a picture without an area cannot be meant
        return PLAIN
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return _sign(a or d), 0, 0, _sign(d or a)
    return 0, _sign(b or c), _sign(c or b), 0


def upright(image: U8, matrix: Matrix) -> U8:
    """`image` (H, W, C) as it should be shown; itself if there is nothing to do, else a new one."""
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

"""The mouth on the canvas: its place and its key. A head has a view for each turn; the lips move on their own.

It is drawn over the head, so that the doll speaks. Points are those of iBUG-68 within the 70 face points.
"""

from engines.arrays import C128, F32
from live.puppet import topology as T

_RIGHT, _UPPER, _LEFT, _LOWER = (T.FACE.start + n for n in (48, 51, 54, 57))  # corners and midpoints of the outer lips
_INNER_UPPER, _INNER_LOWER = T.FACE.start + 62, T.FACE.start + 66
_OUTER = [_RIGHT, _UPPER, _LEFT, _LOWER]
# Weights in the key, in torso lengths: lips opened by a tenth of a head, or drawn in by as much, count like a head that
# turns from the front to the side.
_OPEN, _WIDE, _TURN = 8.0, 4.0, 3.0


def mouth_found(scores: F32, valid_score: float) -> bool:
    """Whether the lips were found."""
    return bool((scores[[*_OUTER, _INNER_UPPER, _INNER_LOWER]] >= valid_score).all())


def mouth_place(points: C128) -> complex:
    """The middle of the lips."""
    return complex(points[_OUTER].mean())


def mouth_key(
    points: C128, down: complex, turn: tuple[float, float, float], size: float
) -> tuple[float, float, float, float]:
    """Open, wide, yaw and pitch of the lips on a head whose downward direction is `down` and whose `turn` is ears, yaw
    and pitch. `points` (137,) and `size`, the torso length, are in pixels.
    """
    gap = complex(points[_INNER_LOWER] - points[_INNER_UPPER]) * down.conjugate()
    width = abs(complex(points[_LEFT] - points[_RIGHT]))
    return _OPEN * max(gap.real, 0.0) / size, _WIDE * width / size, _TURN * turn[1], _TURN * turn[2]

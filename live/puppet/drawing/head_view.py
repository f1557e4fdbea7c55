"""The head's place, direction and turn, and its key: ten of its points, see `fit`."""

import numpy as np

from engines.arrays import C128, F32, F64
from live.puppet import topology as T
from live.puppet.drawing.fit import point_key

# Body points, which exist from behind too, then face points (iBUG-68): bridge, nose, outer eye corners, upper lip. Chin
# and lower lip are left out, as they move on their own. Body and face points disagree by some pixels: the head follows
# them all, and the mouth follows the head.
BODY_POINTS = (T.NOSE, T.R_EYE, T.L_EYE, T.R_EAR, T.L_EAR)
FACE_POINTS = tuple(T.FACE.start + n for n in (27, 33, 36, 45, 51))
LIP = len(BODY_POINTS) + len(FACE_POINTS) - 1  # number of the upper lip
_POINTS = np.array(BODY_POINTS + FACE_POINTS)


def head_key(points: C128, scores: F32, valid_score: float, centre: complex, down: complex, size: float) -> F64:
    """(KEY_SIZE,) the points' places relative to the head's `centre` and direction `down`, in torso lengths.

    Body points count whatever their score: without eyes and ears there is no head, and live completes them.
    """
    found = scores[_POINTS] >= valid_score
    found[: len(BODY_POINTS)] = True
    return point_key((points[_POINTS] - centre) / size, found, down)


def head_axis(points: C128, size: float) -> tuple[complex, complex]:
    """The head's centre (between the ears), px, and its downward direction, of length 1.

    Seen from the front or back, the ears give the roll; in profile they coincide, and the neck gives it. The weight is
    the distance between the ears, so the axis changes smoothly from one rule to the other.
    """
    left, right = complex(points[T.L_EAR]), complex(points[T.R_EAR])
    centre = 0.5 * (left + right)
    neck = complex(points[T.NECK]) - centre
    neck = neck / abs(neck) if abs(neck) > 1e-3 * size else 1j
    # The perpendicular of the ear line that points the way the neck does.
    square = 1j * (left - right)
    if (square * neck.conjugate()).real < 0:
        square = -square
    ears = abs(square)
    weight = min(1.0, ears / size / 0.25)
    down = 0.5 * (1.0 - weight) * neck + weight * square / max(ears, 1e-6)
    return centre, down / abs(down) if abs(down) >= 1e-6 else neck


def head_turn(points: C128, centre: complex, down: complex, size: float) -> tuple[float, float, float]:
    """Ears, yaw and pitch of a head, in torso lengths: the distance from the right ear to the left one (negative from
    behind), and how far the nose is, across and along, from the middle between them.
    """
    ears = (complex(points[T.L_EAR]) - complex(points[T.R_EAR])) * down.conjugate() / size
    nose = (complex(points[T.NOSE]) - centre) * down.conjugate() / size
    return -ears.imag, -nose.imag, nose.real

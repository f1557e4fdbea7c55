"""The head's place, direction and turn, and its key: ten of its points, see `fit`."""

import numpy as np

from engines.arrays import F32, F64
from live.puppet import topology as T
from live.puppet.compiler import numba
from live.puppet.drawing.fit import put

Place = tuple[float, float, float, float]  # centre x, y, px; downward direction x, y

# Body points, which exist from behind too, then face points (iBUG-68): bridge, nose, outer eye corners, upper lip. Chin
# and lower lip are left out, as they move on their own. Body and face points disagree by some pixels: the head follows
# them all, and the mouth follows the head.
BODY_POINTS = (T.NOSE, T.R_EYE, T.L_EYE, T.R_EAR, T.L_EAR)
FACE_POINTS = tuple(T.FACE.start + n for n in (27, 33, 36, 45, 51))
LIP = len(BODY_POINTS) + len(FACE_POINTS) - 1  # number of the upper lip
_POINTS = np.array(BODY_POINTS + FACE_POINTS, np.int64)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def head_key(
    points: F32, scores: F32, valid_score: float, place: tuple[float, float, float, float], size: float, key: F64
) -> None:
    """Fill `key`: the points' places relative to `place`, the head's (cx, cy, dx, dy), in torso lengths.

    Body points count whatever their score: without eyes and ears there is no head, and live completes them.
    """
    cx, cy, dx, dy = place
    for n in range(_POINTS.shape[0]):
        joint = _POINTS[n]
        key[2 * n], key[2 * n + 1] = 0.0, 0.0
        if n < len(BODY_POINTS) or scores[joint] >= valid_score:
            put(key, n, (points[joint, 0] - cx) / size, (points[joint, 1] - cy) / size, dx, dy)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def head_axis(points: F32, size: float) -> Place:
    """The head's centre (between the ears), x and y px, and its downward direction.

    Seen from the front or back, the ears give the roll; in profile they coincide, and the neck gives it. The weight is
    the distance between the ears, so the axis changes smoothly from one rule to the other.
    """
    ex, ey = points[T.L_EAR, 0] - points[T.R_EAR, 0], points[T.L_EAR, 1] - points[T.R_EAR, 1]
    cx, cy = 0.5 * (points[T.L_EAR, 0] + points[T.R_EAR, 0]), 0.5 * (points[T.L_EAR, 1] + points[T.R_EAR, 1])
    nx, ny = points[T.NECK, 0] - cx, points[T.NECK, 1] - cy
    long = np.sqrt(nx * nx + ny * ny)
    if long > 1e-3 * size:
        nx, ny = nx / long, ny / long
    else:
        nx, ny = 0.0, 1.0
    ears = np.sqrt(ex * ex + ey * ey) / size
    # The perpendicular of the ear line that points the way the neck does.
    qx, qy = -ey, ex
    if qx * nx + qy * ny < 0.0:
        qx, qy = ey, -ex
    weight = min(1.0, ears / 0.25)
    dx = 0.5 * (1.0 - weight) * nx + weight * qx / max(ears * size, 1e-6)
    dy = 0.5 * (1.0 - weight) * ny + weight * qy / max(ears * size, 1e-6)
    norm = np.sqrt(dx * dx + dy * dy)
    if norm < 1e-6:
        dx, dy, norm = nx, ny, 1.0
    dx, dy = dx / norm, dy / norm
    return cx, cy, dx, dy


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def head_turn(points: F32, place: Place, size: float) -> tuple[float, float, float]:
    """Ears, yaw and pitch of a head at `place`, in torso lengths: the distance from the right ear to the left one
    (negative from behind), and how far the nose is, across and along, from the middle between them.
    """
    cx, cy, dx, dy = place
    ex, ey = points[T.L_EAR, 0] - points[T.R_EAR, 0], points[T.L_EAR, 1] - points[T.R_EAR, 1]
    ox, oy = points[T.NOSE, 0] - cx, points[T.NOSE, 1] - cy
    return (ex * dy - ey * dx) / size, (ox * dy - oy * dx) / size, (ox * dx + oy * dy) / size

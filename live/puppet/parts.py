"""The body parts of the paper doll, and the frame of each: where a part's texture lies on the canvas for a given
skeleton.

A texture has rows along the bone (u from 0 to 1) and columns across it (v from -1 to 1). Its frame is an affine map

    canvas = corner + u * along + v * across

`along` runs from `before` torso lengths ahead of the first joint to `after` beyond the second, so a bone that points
at the camera keeps its round ends and never collapses; `across` is perpendicular, `half_width` torso lengths long.
The unit is the figure's torso (neck to mid-hip), which a foreshortened limb does not change.
"""

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from live.puppet import topology as T
from live.puppet.values import F32, Bool

F64 = NDArray[np.float64]
BONE, HEAD, HAND = 0, 1, 2
KEY_SIZE = 3


@dataclass(frozen=True, slots=True)
class Part:
    """One part: its joints and the generous extent of its texture, in torso lengths."""

    name: str
    kind: int
    a: int
    b: int
    before: float
    after: float
    half_width: float


def _sides(name: str, kind: int, right: tuple[int, int], left: tuple[int, int], *extent: float) -> list[Part]:
    before, after, half_width = extent
    return [
        Part(f"r_{name}", kind, right[0], right[1], before, after, half_width),
        Part(f"l_{name}", kind, left[0], left[1], before, after, half_width),
    ]


# Extents from human proportions (torso 1 = about 0.5 m), generous: what is not the part is cut away when the atlas
# is built.
PARTS: tuple[Part, ...] = (
    Part("torso", BONE, T.NECK, T.MID_HIP, 0.30, 0.18, 0.58),
    Part("head", HEAD, T.NECK, T.NOSE, 1.00, 0.45, 0.70),
    *_sides("upper_arm", BONE, (T.R_SHOULDER, T.R_ELBOW), (T.L_SHOULDER, T.L_ELBOW), 0.20, 0.15, 0.24),
    *_sides("forearm", BONE, (T.R_ELBOW, T.R_WRIST), (T.L_ELBOW, T.L_WRIST), 0.14, 0.10, 0.20),
    *_sides("hand", HAND, (T.R_ELBOW, T.R_WRIST), (T.L_ELBOW, T.L_WRIST), 0.10, 0.55, 0.34),
    *_sides("thigh", BONE, (T.R_HIP, T.R_KNEE), (T.L_HIP, T.L_KNEE), 0.20, 0.16, 0.30),
    *_sides("shin", BONE, (T.R_KNEE, T.R_ANKLE), (T.L_KNEE, T.L_ANKLE), 0.16, 0.14, 0.24),
    *_sides("foot", BONE, (T.R_ANKLE, T.R_BIG_TOE), (T.L_ANKLE, T.L_BIG_TOE), 0.22, 0.16, 0.20),
)
PART_NAMES = tuple(part.name for part in PARTS)
_INDEX = {name: i for i, name in enumerate(PART_NAMES)}
_JOINTS = np.array([(part.kind, part.a, part.b) for part in PARTS], np.int32)
EXTENTS: F64 = np.array([(part.before, part.after, part.half_width) for part in PARTS], np.float64)


def _order(names: str) -> NDArray[np.int32]:
    order = [_INDEX[name] for name in names.split()]
    if sorted(order) != list(range(len(PARTS))):
        raise ValueError("a drawing order names every part once")
    return np.array(order, np.int32)


_R_ARM, _L_ARM = "r_upper_arm r_forearm r_hand ", "l_upper_arm l_forearm l_hand "
_R_LEG, _L_LEG = "r_thigh r_shin r_foot ", "l_thigh l_shin l_foot "
_BOTH_LEGS = "r_foot l_foot r_shin l_shin r_thigh l_thigh "
# Far to near. Facing image-left shows the person's left side, so the right arm and leg are the far ones.
_DRAW_FRONT = _order(_BOTH_LEGS + "torso head " + _R_ARM + _L_ARM)
_DRAW_BACK = _order(_BOTH_LEGS + "r_hand l_hand r_forearm l_forearm r_upper_arm l_upper_arm torso head")
_DRAW_FACING_LEFT = _order(_R_ARM + _R_LEG + _L_LEG + "torso head " + _L_ARM)
_DRAW_FACING_RIGHT = _order(_L_ARM + _L_LEG + _R_LEG + "torso head " + _R_ARM)
_SIDE_ON = 0.22  # shoulder width, in torso lengths, under which the body is seen from the side (front view: about 0.75)


def drawing_order(points: F32, size_px: float) -> NDArray[np.int32]:
    """Part numbers from far to near for a skeleton on the canvas; `size_px` is its torso length."""
    shoulders = float(points[T.L_SHOULDER, 0] - points[T.R_SHOULDER, 0]) / size_px
    if shoulders > _SIDE_ON:
        return _DRAW_FRONT
    if shoulders < -_SIDE_ON:
        return _DRAW_BACK
    return _DRAW_FACING_LEFT if points[T.NOSE, 0] < points[T.NECK, 0] else _DRAW_FACING_RIGHT


def part_frames(points: F32, scores: F32, size_px: float, valid_score: float, extents: F64) -> tuple[F64, Bool, F64]:
    """Where each part lies: frames (P, 2, 3) of columns along, across, corner; valid (P,); view keys (P, 3).

    `corner` is the point u = 0, v = 0. `extents`: (P, 3) before, after, half-width in torso lengths, the atlas's own.
    A view key says from where a part is seen: facing and turn for body parts, yaw and pitch for the head, the shape of
    the fingers for a hand (0, 0, 0 when the hand was not found). Keys are in torso lengths, comparable by distance.
    """
    frames = np.zeros((len(PARTS), 2, 3))
    valid = np.zeros(len(PARTS), np.bool_)
    keys = np.zeros((len(PARTS), KEY_SIZE))
    _fill_frames(points, scores, size_px, valid_score, _JOINTS, extents, frames, valid, keys)
    return frames, valid, keys


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _fill_frames(
    points: F32,
    scores: F32,
    size: float,
    valid_score: float,
    joints: NDArray[np.int32],
    extents: F64,
    frames: F64,
    valid: Bool,
    keys: F64,
) -> None:
    facing = (points[T.L_SHOULDER, 0] - points[T.R_SHOULDER, 0]) / size
    turn = (points[T.NOSE, 0] - points[T.NECK, 0]) / size
    for p in range(joints.shape[0]):
        kind, a, b = joints[p, 0], joints[p, 1], joints[p, 2]
        if min(scores[a], scores[b]) < valid_score:
            continue
        valid[p] = True
        ax, ay = float(points[a, 0]), float(points[a, 1])
        bx, by = float(points[b, 0]), float(points[b, 1])
        dx, dy = bx - ax, by - ay
        length = np.sqrt(dx * dx + dy * dy)
        if length > 1e-3 * size:
            dx, dy = dx / length, dy / length
        else:
            dx, dy = 0.0, 1.0
        keys[p, 0], keys[p, 1], keys[p, 2] = facing, turn, 0.5 * length / size
        if kind == HAND:
            ax, ay, length = bx, by, 0.0
            first = T.R_HAND.start if b == T.R_WRIST else T.L_HAND.start
            dx, dy = _hand_axis(points, scores, first, valid_score, dx, dy, size, keys[p])
        elif kind == HEAD:
            length = 0.0
            ax, ay, dx, dy = _head_axis(points, size, keys[p])
        before, after, half = extents[p, 0] * size, extents[p, 1] * size, extents[p, 2] * size
        reach = before + length + after
        frames[p, 0, 0], frames[p, 1, 0] = dx * reach, dy * reach
        frames[p, 0, 1], frames[p, 1, 1] = -dy * half, dx * half
        frames[p, 0, 2], frames[p, 1, 2] = ax - dx * before, ay - dy * before


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _hand_axis(
    points: F32, scores: F32, first: int, valid_score: float, dx: float, dy: float, size: float, key: F64
) -> tuple[float, float]:
    """The hand's direction: wrist to middle knuckle where the hand was found, else the forearm's. Fills the shape
    key.
    """
    key[:] = 0.0
    if scores[first] < valid_score or scores[first + 9] < valid_score:
        return dx, dy
    wx, wy = points[first, 0], points[first, 1]
    hx, hy = points[first + 9, 0] - wx, points[first + 9, 1] - wy
    palm = np.sqrt(hx * hx + hy * hy)
    if palm > 0.06 * size:  # a palm seen end-on has no direction of its own
        dx, dy = hx / palm, hy / palm
    tips_along, tips_across = 0.0, 0.0
    for finger in range(8, 21, 4):
        ox, oy = points[first + finger, 0] - wx, points[first + finger, 1] - wy
        tips_along += 0.25 * (ox * dx + oy * dy) / size
        tips_across += 0.25 * (oy * dx - ox * dy) / size
    ox, oy = points[first + 5, 0] - points[first + 17, 0], points[first + 5, 1] - points[first + 17, 1]
    key[0], key[1], key[2] = tips_along, tips_across, (oy * dx - ox * dy) / size
    return dx, dy


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _head_axis(points: F32, size: float, key: F64) -> tuple[float, float, float, float]:
    """The head's centre (between the ears) and its downward axis. Fills the key: ears, yaw, pitch.

    Seen from the front or back the ears give the roll; in profile they coincide, and the neck gives it. The weight is
    the ears' distance, so the axis turns smoothly from one rule to the other.
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
    ox, oy = points[T.NOSE, 0] - cx, points[T.NOSE, 1] - cy
    key[0] = 2.0 * (ex * dy - ey * dx) / size
    key[1] = 3.0 * (ox * dy - oy * dx) / size
    key[2] = 3.0 * (ox * dx + oy * dy) / size
    return cx, cy, dx, dy

"""The paper doll's body parts, and the frame of each: where its texture lies on the canvas for a given skeleton.

A texture has rows along the bone (u from 0 to 1) and columns across it (v from -1 to 1). Its frame is an affine map

    canvas = corner + u * along + v * across

`along` runs from `before` torso lengths ahead of the first joint to `after` beyond the second, so a bone that points
at the camera keeps its round ends and never collapses; `across` is perpendicular, `half_width` torso lengths long.
The unit is the figure's torso (neck to mid-hip), which a foreshortened limb does not change.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, F64, Bool
from live.puppet import topology as T
from live.puppet.compiler import numba
from live.puppet.drawing.fit import KEY_SIZE
from live.puppet.drawing.hand_view import hand_axis, hand_found
from live.puppet.drawing.head_view import head_axis, head_key, head_turn
from live.puppet.drawing.mouth import mouth_found, mouth_place

BONE, HEAD, HAND, MOUTH = 0, 1, 2, 3


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


# Generous extents from human proportions (torso 1 = about 0.5 m); building the atlas cuts away what is not the part.
PARTS: tuple[Part, ...] = (
    Part("torso", BONE, T.NECK, T.MID_HIP, 0.30, 0.18, 0.58),
    Part("head", HEAD, T.NECK, T.NOSE, 1.00, 0.45, 0.70),
    Part("mouth", MOUTH, T.NECK, T.NOSE, 0.09, 0.13, 0.14),
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
# From far to near. Facing image-left shows the person's left side, so the right arm and leg are the far ones.
_DRAW_FRONT = _order(_BOTH_LEGS + "torso head mouth " + _R_ARM + _L_ARM)
_DRAW_BACK = _order(_BOTH_LEGS + "r_hand l_hand r_forearm l_forearm r_upper_arm l_upper_arm torso head mouth")
_DRAW_FACING_LEFT = _order(_R_ARM + _R_LEG + _L_LEG + "torso head mouth " + _L_ARM)
_DRAW_FACING_RIGHT = _order(_L_ARM + _L_LEG + _R_LEG + "torso head mouth " + _R_ARM)
_MOUTH_SHOWN = 0.1  # torso lengths from ear to ear (front: about 0.3); with less (profile, back) no mouth is drawn
_SIDE_ON = 0.22  # shoulder width in torso lengths; with less the body is seen from the side (front view: about 0.75)


def drawing_order(points: F32, size_px: float) -> NDArray[np.int32]:
    """Part numbers from far to near for a skeleton on the canvas; `size_px` is its torso length."""
    shoulders = float(points[T.L_SHOULDER, 0] - points[T.R_SHOULDER, 0]) / size_px
    if shoulders > _SIDE_ON:
        return _DRAW_FRONT
    if shoulders < -_SIDE_ON:
        return _DRAW_BACK
    return _DRAW_FACING_LEFT if points[T.NOSE, 0] < points[T.NECK, 0] else _DRAW_FACING_RIGHT


def part_frames(points: F32, scores: F32, size_px: float, valid_score: float, extents: F64) -> tuple[F64, Bool, F64]:
    """Where each part lies: frames (P, 2, 3) of columns along, across, corner; valid (P,); view keys (P, KEY_SIZE).

    `corner` is the point u = 0, v = 0. `extents`: (P, 3) before, after, half-width in torso lengths, the atlas's own.
    A view key says from where a part is seen: ten points for the head and for a hand that was found (see `fit`), the
    lips for the mouth (see `mouth`), facing, turn and length for all other parts. Keys are in torso lengths, comparable
    by distance, with 0 in unused places. A forearm ends where its hand begins.
    """
    frames = np.zeros((len(PARTS), 2, 3))
    valid = np.zeros(len(PARTS), np.bool_)
    keys = np.zeros((len(PARTS), KEY_SIZE))
    _fill_frames(points, scores, float(size_px), float(valid_score), _JOINTS, extents, frames, valid, keys)
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
    for p in range(joints.shape[0]):
        kind, a, b = joints[p, 0], joints[p, 1], joints[p, 2]
        if min(scores[a], scores[b]) < valid_score:
            continue
        valid[p], length = True, 0.0
        if kind == HEAD:
            ax, ay, dx, dy = head_axis(points, size)
            head_key(points, scores, valid_score, (ax, ay, dx, dy), size, keys[p])
        elif kind == MOUTH:
            place = head_axis(points, size)
            turn, (dx, dy) = head_turn(points, place, size), place[2:]
            valid[p] = mouth_found(scores, valid_score) and turn[0] > _MOUTH_SHOWN
            ax, ay = mouth_place(points, dx, dy, turn, size, keys[p])
        else:
            ax, ay, dx, dy, length = _bone_axis(points, scores, a, b, valid_score, size, keys[p])
            if kind == HAND:
                ax, ay, dx, dy = _hand_place(points, scores, b, valid_score, dx, dy, size, keys[p])
                length = 0.0
        before, after, half = extents[p, 0] * size, extents[p, 1] * size, extents[p, 2] * size
        reach = before + length + after
        frames[p, 0, 0], frames[p, 1, 0] = dx * reach, dy * reach
        frames[p, 0, 1], frames[p, 1, 1] = -dy * half, dx * half
        frames[p, 0, 2], frames[p, 1, 2] = ax - dx * before, ay - dy * before


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _bone_axis(
    points: F32, scores: F32, a: int, b: int, valid_score: float, size: float, key: F64
) -> tuple[float, float, float, float, float]:
    """A bone's first joint, direction and length. Fills the key: facing, turn, length."""
    end = _far_end(b, scores, valid_score)
    ax, ay = float(points[a, 0]), float(points[a, 1])
    dx, dy = float(points[end, 0]) - ax, float(points[end, 1]) - ay
    length = np.sqrt(dx * dx + dy * dy)
    dx, dy = (dx / length, dy / length) if length > 1e-3 * size else (0.0, 1.0)
    key[0] = (points[T.L_SHOULDER, 0] - points[T.R_SHOULDER, 0]) / size
    key[1] = (points[T.NOSE, 0] - points[T.NECK, 0]) / size
    key[2] = 0.5 * length / size
    return ax, ay, dx, dy, length


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _hand_place(
    points: F32, scores: F32, b: int, valid_score: float, dx: float, dy: float, size: float, key: F64
) -> tuple[float, float, float, float]:
    """A hand's wrist and direction, given its forearm's. Fills the key; see `hand_view`."""
    key[:3] = 0.0
    end = _far_end(b, scores, valid_score)
    if end != b:
        dx, dy = hand_axis(points, scores, end, valid_score, dx, dy, size, key)
    return float(points[end, 0]), float(points[end, 1]), dx, dy


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _far_end(joint: int, scores: F32, valid_score: float) -> int:
    """The point to use as a part's second joint: for a wrist whose hand was found, the hand's own, as more precise."""
    first = T.R_HAND.start if joint == T.R_WRIST else T.L_HAND.start
    is_wrist = joint == T.R_WRIST or joint == T.L_WRIST
    return first if is_wrist and hand_found(scores, first, valid_score) else joint

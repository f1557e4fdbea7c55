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
from live.puppet.drawing.fit import KEY_SIZE, as_complex
from live.puppet.drawing.hand_view import hand_axis, hand_found, hand_key
from live.puppet.drawing.head_view import head_axis, head_key, head_turn
from live.puppet.drawing.mouth import mouth_found, mouth_key, mouth_place

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
_A, _B = np.array([part.a for part in PARTS]), np.array([part.b for part in PARTS])
_HEAD, _MOUTH = _INDEX["head"], _INDEX["mouth"]
_HANDS = ((_INDEX["r_hand"], T.R_HAND.start), (_INDEX["l_hand"], T.L_HAND.start))
_FOREARMS = {_INDEX["r_hand"]: _INDEX["r_forearm"], _INDEX["l_hand"]: _INDEX["l_forearm"]}
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


def part_frames(
    points: F32 | F64, scores: F32, size_px: float, valid_score: float, extents: F64
) -> tuple[F64, Bool, F64]:
    """Where each part lies: frames (P, 2, 3) of columns along, across, corner; valid (P,); view keys (P, KEY_SIZE).

    `corner` is the point u = 0, v = 0. `extents`: (P, 3) before, after, half-width in torso lengths, the atlas's own.
    A view key says from where a part is seen: ten points for the head and for a hand that was found (see `fit`), the
    lips for the mouth (see `mouth`), facing, turn and length for all other parts. Keys are in torso lengths, comparable
    by distance, with 0 in unused places. A forearm ends where its hand begins.
    """
    plane, size = as_complex(points), float(size_px)
    valid = np.minimum(scores[_A], scores[_B]) >= valid_score
    hands = {number: first for number, first in _HANDS if hand_found(scores, first, valid_score)}
    ends = _B.copy()  # a hand's own wrist is more precise than the body's
    for number, first in hands.items():
        ends[[_FOREARMS[number], number]] = first
    at, length = plane[_A], np.abs(plane[ends] - plane[_A])
    direction = np.where(length > 1e-3 * size, (plane[ends] - at) / np.maximum(length, 1e-9), 1j)
    keys = np.zeros((len(PARTS), KEY_SIZE))
    keys[:, 0] = (plane[T.L_SHOULDER] - plane[T.R_SHOULDER]).real / size
    keys[:, 1] = (plane[T.NOSE] - plane[T.NECK]).real / size
    keys[:, 2] = 0.5 * length / size
    for number, _ in _HANDS:  # it begins where its forearm ends, and has no bone
        at[number], length[number], keys[number] = plane[ends[number]], 0.0, 0.0
    for number, first in hands.items():
        direction[number] = hand_axis(plane, first, complex(direction[number]), size)
        keys[number] = hand_key(plane, scores, first, valid_score, complex(direction[number]), size)
    centre, down = head_axis(plane, size)
    turn = head_turn(plane, centre, down, size)
    at[_HEAD], direction[_HEAD], length[_HEAD] = centre, down, 0.0
    keys[_HEAD] = head_key(plane, scores, valid_score, centre, down, size)
    valid[_MOUTH] &= mouth_found(scores, valid_score) and turn[0] > _MOUTH_SHOWN
    at[_MOUTH], direction[_MOUTH], length[_MOUTH] = mouth_place(plane), down, 0.0
    keys[_MOUTH, :4] = mouth_key(plane, down, turn, size)
    before, after, half = extents.T * size
    frames = np.stack([direction * (before + length + after), direction * 1j * half, at - direction * before], axis=1)
    frames[~valid], keys[~valid] = 0, 0
    return np.stack([frames.real, frames.imag], axis=1), valid, keys

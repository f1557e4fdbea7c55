"""`Region`: the turned square of a picture that a model looks at, and where each model's square comes from.

All in pixels of the picture, x right, y down; angles in radians, clockwise as seen. The rules are those of MediaPipe
0.10.21's Holistic graph (modules/holistic_landmark and what it includes; Apache-2.0), so that each model sees what it
was trained to see.
"""

from dataclasses import dataclass
from math import atan2, cos, floor, hypot, isfinite, pi, sin, tau

import numpy as np

from engines.arrays import F32, F64

UP, DOWN, RIGHT = pi / 2, -pi / 2, 0.0  # where a region's first point sees the second one, once turned
_LARGEST_PX = 1e5

# Points of the body model (33), of a hand (21) and of the face mesh (478).
_BODY_HANDS = {"left": (15, 17, 19), "right": (16, 18, 20)}  # wrist, little finger, index finger
_BODY_FACE, _BODY_EYES = slice(0, 11), (5, 2)
_HAND_ROOT, _HAND_JOINTS = 0, (6, 14, 10)  # the wrist; the middle joints of index, ring and middle finger
_MESH_EYES = 33, 263


@dataclass(frozen=True, slots=True)
class Region:
    """A square around (`x_px`, `y_px`) with sides of `side_px`, turned by `turn` radians."""

    x_px: float
    y_px: float
    side_px: float
    turn: float

    @property
    def usable(self) -> bool:
        """Whether a picture can be cut along it: finite, and neither a point nor without bounds."""
        numbers = (self.x_px, self.y_px, self.side_px, self.turn)
        return all(isfinite(n) and abs(n) < _LARGEST_PX for n in numbers) and self.side_px >= 1.0

    def to_picture(self, points: F32) -> F32:
        """(N, 2) fractions of the square's sides, 0..1 inside, as (N, 2) float32 pixels of the picture."""
        along, down = (points[:, 0] - 0.5) * self.side_px, (points[:, 1] - 0.5) * self.side_px
        c, s = cos(self.turn), sin(self.turn)
        placed = np.stack([self.x_px + c * along - s * down, self.y_px + s * along + c * down], axis=1)
        return placed.astype(np.float32)

    def from_picture(self, points: F32) -> F32:
        """The reverse of `to_picture`."""
        x, y = points[:, 0] - self.x_px, points[:, 1] - self.y_px
        c, s = cos(self.turn), sin(self.turn)
        return (np.stack([c * x + s * y, c * y - s * x], axis=1) / self.side_px + 0.5).astype(np.float32)

    def matrix(self, size: int) -> F64:
        """(2, 3): pixel (column, row) of a `size` x `size` cut of this region -> pixel of the picture."""
        c, s = cos(self.turn) * self.side_px / size, sin(self.turn) * self.side_px / size
        half = size / 2
        return np.array([[c, -s, self.x_px - (c - s) * half], [s, c, self.y_px - (s + c) * half]])


def whole(size: tuple[int, int]) -> Region:
    """The smallest square around a whole picture of (width, height)."""
    width, height = size
    return Region(width / 2, height / 2, float(max(width, height)), 0.0)


def aligned(start: F32, end: F32, angle: float, *, scale: float, shift: float = 0.0) -> Region:
    """Around `start`, reaching to `end` at least (at `scale` 1), and turned so that `end` is seen at `angle`.

    `shift`: moved down its own axis by this much of the side before scaling. AlignmentPointsRectsCalculator.
    """
    side = 2 * hypot(end[0] - start[0], end[1] - start[1])
    return _region(float(start[0]), float(start[1]), side, side, _turn(start, end, angle), scale, shift)


def of_body(hips: F32, reach: F32) -> Region:
    """The body's region: `hips` is the middle between them, `reach` a point at the rim of the person."""
    return aligned(hips, reach, UP, scale=1.25)


def of_hand_on(body: F32, side: str) -> Region:
    """About where the hand at the end of an arm is. `body`: (33, 2) pixels. `side`: "left" or "right".

    HandDetectionsFromPoseToRectsCalculator.
    """
    wrist, little, index = body[list(_BODY_HANDS[side])]
    middle = (2 * index + little) / 3
    size = 2 * hypot(middle[0] - wrist[0], middle[1] - wrist[1])
    return _region(float(middle[0]), float(middle[1]), size, size, _turn(wrist, middle, UP), 2.7, -0.1)


def of_hand(points: F32) -> Region:
    """The region in which to look for a hand that was here in the last picture. `points`: (21, 2) pixels.

    HandLandmarksToRectCalculator. Of three ways to turn it, this one shook the fingers least (docs/measurements.md).
    """
    index, ring, middle = points[list(_HAND_JOINTS)]
    turn = _turn(points[_HAND_ROOT], ((index + ring) / 2 + middle) / 2, UP)
    c, s = cos(turn), sin(turn)
    x, y = c * points[:, 0] + s * points[:, 1], c * points[:, 1] - s * points[:, 0]
    across, down = (x.max() + x.min()) / 2, (y.max() + y.min()) / 2
    return _region(
        float(c * across - s * down),
        float(s * across + c * down),
        float(x.max() - x.min()),
        float(y.max() - y.min()),
        turn,
        2.0,
        -0.1,
    )


def of_face_on(body: F32) -> Region:
    """About where the face of a body is, for the face detector. `body`: (33, 2) pixels."""
    return _boxed(body[_BODY_FACE], *body[list(_BODY_EYES)], scale=3.0)


def of_face_found(points: F32) -> Region:
    """The region of a face that the detector found. `points`: (6, 2) pixels: eyes, nose, mouth, ears."""
    return _boxed(points, points[0], points[1], scale=2.0, shift=-0.1)


def of_face(points: F32) -> Region:
    """The region in which to look for a face that was here in the last picture. `points`: (478, 2) pixels."""
    return _boxed(points, *points[list(_MESH_EYES)], scale=1.5)


def _boxed(points: F32, start: F32, end: F32, *, scale: float, shift: float = 0.0) -> Region:
    """Around the upright box of `points`, turned so that `end` is seen right of `start`: DetectionsToRects."""
    low, high = points.min(axis=0), points.max(axis=0)
    (x, y), (width, height) = (low + high) / 2, high - low
    return _region(float(x), float(y), float(width), float(height), _turn(start, end, RIGHT), scale, shift)


def _region(x: float, y: float, width: float, height: float, turn: float, scale: float, shift: float) -> Region:
    """RectTransformationCalculator with square_long: the shift goes by the height as it was given."""
    down = shift * height
    return Region(x - down * sin(turn), y + down * cos(turn), max(width, height) * scale, turn)


def _turn(start: F32, end: F32, angle: float) -> float:
    """By how much to turn so that `end` is seen from `start` at `angle`, within -pi..pi."""
    turn = angle - atan2(-(float(end[1]) - float(start[1])), float(end[0]) - float(start[0]))
    return turn - tau * floor((turn + pi) / tau)

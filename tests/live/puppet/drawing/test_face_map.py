"""The face map: the head and face lines of one pose in the frame of its face box."""

import numpy as np
import pytest

from engines.arrays import F32, U8
from live.puppet import topology as T
from live.puppet.drawing.face_map import (
    CHANNELS,
    EYES,
    HEAD,
    INNER_LIPS,
    JAW,
    OUTER_LIPS,
    PUPILS,
    SIDE,
    draw_face_map,
    face_map_hash,
)
from live.puppet.geometry.face_box import FaceSquare
from live.puppet.values import PlacedPose
from tests.live.puppet.figure import figure, without

SQUARE = FaceSquare(220.0, 100.0, 64.0)
SEEN = np.ones(T.K, np.float32)


def face(points: F32 | None = None, scores: F32 = SEEN, square: FaceSquare = SQUARE) -> U8:
    """The face map of a figure whose nose is in the middle of SQUARE."""
    if points is None:
        points = figure(floor=132 + 300, height=300, x=252)
    out = np.full((SIDE, SIDE, CHANNELS), 7, np.uint8)
    draw_face_map(PlacedPose(0, 0.0, points, scores, 90.0), square, out)
    return out


def test_the_hash_is_the_one_that_bundles_were_trained_under() -> None:
    assert face_map_hash() == "5322b65d97db8a13", "faces must be trained again: say so in the changelog"


def test_a_point_lies_where_its_square_says() -> None:
    points = figure(floor=432, height=300, x=252)
    pupil = T.FACE.start + 68
    points[pupil] = 220 + 16, 100 + 48  # a quarter from the left, three quarters down
    drawn = face(points)[..., PUPILS]
    y, x = np.unravel_index(drawn[64:, :64].argmax(), (64, 64))
    assert drawn[96, 32] == 255 and abs(int(x) - 32) <= 2 and abs(int(y) + 64 - 96) <= 2


def test_the_same_face_moved_with_its_square_is_the_same_map() -> None:
    points = figure(floor=432, height=300, x=252)
    moved = FaceSquare(220.0 + 13, 100.0 - 40, 64.0)
    assert np.array_equal(face(points), face(points + np.array([13, -40], np.float32), square=moved))


def test_every_group_is_drawn_and_left_is_told_from_right() -> None:
    drawn = face()
    assert (drawn.max(axis=(0, 1)) > 200).all()
    along = drawn[..., HEAD + 1]
    right, left = along[:, :58].max(), along[:, 70:].max()
    assert left > right + 40, "the position along the head rises from the right ear to the left"


@pytest.mark.parametrize(
    ("channel", "points"),
    [(JAW, range(17)), (EYES, range(36, 48)), (OUTER_LIPS, range(48, 60)), (INNER_LIPS, range(60, 68))],
)
def test_what_is_not_seen_is_not_drawn(channel: int, points: range) -> None:
    drawn = face(scores=without(*(T.FACE.start + i for i in points)))
    assert drawn[..., channel].max() == 0
    assert drawn.max() == 255


@pytest.mark.parametrize("value", [np.nan, 1e30, -np.inf])
def test_a_wild_coordinate_harms_nothing(value: float) -> None:
    points = figure(floor=432, height=300, x=252)
    points[T.FACE.start + 48] = value
    points[T.R_EAR] = -value
    assert face(points)[..., JAW].max() == 255

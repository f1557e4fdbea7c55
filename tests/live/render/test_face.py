"""Faces: what the network changes comes onto the canvas at its place, fading at the edge, and nothing else changes."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from engines.arrays import U8
from engines.engine import EngineSpec
from live.puppet import topology as T
from live.puppet.drawing.face_map import CHANNELS, SIDE
from live.puppet.errors import TargetError
from live.puppet.geometry.face_box import FaceSquare
from live.puppet.values import Conditioning, FaceBox, PlacedPose
from live.render.face import FEATHER, RIM_PX, SPEC, Face, crop_face, face_share, paste_face, square_of
from tests.live.face_engine import FaceEngine

CANVAS = 512
SQUARES = [FaceSquare(230.0, 90.0, 46.0), FaceSquare(200.25, 60.5, 128.0), FaceSquare(100.6, 40.3, 299.5)]
SQUARES.append(FaceSquare(0.0, 412.0, 100.0))  # in the corner of the canvas


def seen(square: FaceSquare | None) -> Conditioning:
    """A head that faces the camera and has this square: all three pairs of joints agree on its middle and side."""
    points, nothing = np.zeros((T.K, 2), np.float32), np.zeros((CANVAS, CANVAS, 4), np.uint8)
    if square is not None:
        side = square.side
        head = {T.NOSE: (0, -1 / 4), T.NECK: (0, 1 / 4), T.R_EYE: (-1 / 6, 0), T.L_EYE: (1 / 6, 0)}
        for joint, place in {**head, T.R_EAR: (-1 / 4, 0), T.L_EAR: (1 / 4, 0)}.items():
            points[joint] = np.array(place) * side + (square.x0 + side / 2, square.y0 + side / 2)
    placed = PlacedPose(0, 0.0, points, np.ones(T.K, np.float32), 90.0)
    return Conditioning(0, 0.0, nothing, nothing, None if square is None else FaceBox(0, 0, 1, 1), placed)


def picture(seed: int = 0) -> U8:
    return np.random.default_rng(seed).integers(20, 200, (CANVAS, CANVAS, 4), np.uint8)


def smooth_picture() -> U8:
    """Detail that a crop of 128 can hold, also of a box of 200."""
    return cv2.GaussianBlur(picture(), (0, 0), 4)


@pytest.mark.parametrize("square", SQUARES)
def test_a_network_that_changes_nothing_changes_nothing_to_the_bit(square: FaceSquare) -> None:
    frame, engine = picture(), FaceEngine()
    Face(engine).paint(frame, seen(square))
    assert np.array_equal(frame, picture()) and len(engine.feeds) == 1


@pytest.mark.parametrize("square", SQUARES)
def test_outside_the_square_and_in_the_matte_nothing_changes_and_the_edge_is_seamless(square: FaceSquare) -> None:
    frame, before = picture(), picture()
    Face(FaceEngine(lambda colours: colours + np.uint8(50))).paint(frame, seen(square))
    change = frame.astype(int) - before
    inside = np.zeros((CANVAS, CANVAS), bool)
    x0, y0, end = int(square.x0), int(square.y0), square.side
    inside[y0 : int(np.ceil(square.y0 + end)), x0 : int(np.ceil(square.x0 + end))] = True
    assert not change[~inside].any() and not change[..., 3].any()
    part = change[y0 : y0 + int(end), x0 : x0 + int(end), 0]
    rim = int(end * RIM_PX / SIDE) + 3
    assert (part[rim:-rim, rim:-rim] == 50).all(), "in the middle the whole change arrives"
    border = np.concatenate([part[0], part[:, 0]])
    assert border.max() <= 4 and border.min() >= 0
    steps = [np.abs(np.diff(change[..., 0], axis=axis)).max() for axis in (0, 1)]
    assert max(steps) <= 15, "no edge"


def middle_of(square: FaceSquare) -> tuple[slice, slice, slice]:
    """The colours of the square without its rim."""
    rim = square.side * RIM_PX / SIDE + 2
    rows, columns = (slice(int(at + rim), int(at + square.side - rim)) for at in (square.y0, square.x0))
    return rows, columns, slice(3)


@pytest.mark.parametrize("square", SQUARES)
def test_a_face_comes_through_crop_and_paste_as_it_was(square: FaceSquare) -> None:
    wanted, frame = smooth_picture(), np.full((CANVAS, CANVAS, 4), 90, np.uint8)
    paste_face(frame, square, crop_face(frame, square), crop_face(wanted, square)[..., :3])
    apart = np.abs(frame[middle_of(square)].astype(int) - wanted[middle_of(square)])
    assert apart.mean() < 0.8 and np.quantile(apart, 0.99) <= 4


@pytest.mark.parametrize("side", [30.0, 46.0, 100.0, 250.0])
def test_nothing_is_skipped_however_the_sizes_differ(side: float) -> None:
    """Single bright pixels keep their light on the way to the crop, and changes theirs on the way back."""
    square = FaceSquare(100.0, 100.0, side)
    dots = np.zeros((CANVAS, CANVAS, 4), np.uint8)
    dots[100:400:7, 100:400:7] = 250
    inside = dots[100 : 100 + int(side), 100 : 100 + int(side)]
    assert crop_face(dots, square).mean() == pytest.approx(inside.mean(), rel=0.15)
    frame, face = np.zeros((CANVAS, CANVAS, 4), np.uint8), np.zeros((SIDE, SIDE, 3), np.uint8)
    face[::7, ::7] = 250
    paste_face(frame, square, np.zeros((SIDE, SIDE, 4), np.uint8), face)
    wanted = (face * FEATHER[..., None]).mean() * side**2
    assert frame[..., :3].mean() * CANVAS**2 == pytest.approx(wanted, rel=0.15)


def test_white_and_black_stay_in_range() -> None:
    for level, change in ((250, 20), (5, -20)):
        frame = np.full((CANVAS, CANVAS, 4), level, np.uint8)
        wanted = np.full((SIDE, SIDE, 3), np.clip(level + change, 0, 255), np.uint8)
        paste_face(frame, SQUARES[0], np.full((SIDE, SIDE, 4), level - change, np.uint8), wanted)
        assert frame[113, 253, 0] == (255 if change > 0 else 0)


def test_without_a_face_nothing_happens() -> None:
    frame, engine = picture(), FaceEngine(lambda colours: 255 - colours)
    Face(engine).paint(frame, seen(None))
    behind = seen(SQUARES[0])
    points = behind.placed.points_px.copy()
    points[[T.R_EAR, T.L_EAR]] = points[[T.L_EAR, T.R_EAR]]  # the left ear is left of the right one: seen from behind
    Face(engine).paint(frame, replace(behind, placed=replace(behind.placed, points_px=points, size_px=60.0)))
    assert np.array_equal(frame, picture()) and not engine.feeds


def test_a_head_that_turns_away_fades_out_without_a_jump() -> None:
    facing = seen(SQUARES[0])
    shares = []
    for step in range(101):
        points = facing.placed.points_px.copy()
        half = 23 * np.cos(np.pi * step / 100)
        points[T.R_EAR, 0], points[T.L_EAR, 0] = 253 - half, 253 + half
        shares.append(face_share(replace(facing, placed=replace(facing.placed, points_px=points))))
    assert shares[:51] == [1.0] * 51 and shares[-20:] == [0.0] * 20  # the profile still has one
    assert np.diff(shares).min() > -0.2 and np.diff(shares).max() <= 0


def test_a_tilted_head_and_an_ear_that_is_hidden_have_a_face() -> None:
    facing = seen(SQUARES[0])
    points = facing.placed.points_px.copy()
    neck = points[T.NECK]
    for turn in (-1.2, 1.2):
        matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        tilted = points.copy()
        ears = [T.R_EAR, T.L_EAR]
        tilted[ears] = (points[ears] - neck) @ matrix.T + neck
        assert face_share(replace(facing, placed=replace(facing.placed, points_px=tilted))) == 1.0
    scores = facing.placed.scores.copy()
    scores[T.R_EAR] = 0
    assert face_share(replace(facing, placed=replace(facing.placed, scores=scores))) == 1.0


def test_the_network_is_given_the_map_and_the_crop_of_the_square() -> None:
    frame, engine = picture(), FaceEngine()
    Face(engine).paint(frame, seen(FaceSquare(200.0, 60.0, 128.0)))
    (feeds,) = engine.feeds
    assert feeds["crop"].shape == (1, SIDE, SIDE, 4) and feeds["face_map"].shape == (1, SIDE, SIDE, CHANNELS)
    middle = np.s_[40:88, 40:88]  # each pixel is the mean over its area, so a neighbour counts an eighth
    cut = frame[60:188, 200:328].astype(float)
    near = cv2.sepFilter2D(cut, -1, *[np.array([1, 6, 1]) / 8] * 2)
    assert np.abs(feeds["crop"][0][middle] - near[middle]).max() <= 1
    assert feeds["face_map"].any()


def test_an_engine_of_other_tensors_is_refused() -> None:
    with pytest.raises(TargetError, match="face network cannot be used.*export"):
        Face(FaceEngine(spec=EngineSpec(SPEC.inputs[:1], SPEC.outputs)))  # type: ignore[arg-type]


def test_a_square_that_wanders_does_not_shake_the_face() -> None:
    """The same change wanted of the canvas, through squares as a noisy pose gives them: the canvas shows the same."""
    wanted, shown = smooth_picture(), []
    for square in (SQUARES[0], FaceSquare(230.4, 89.7, 46.0), FaceSquare(229.8, 90.1, 46.6)):
        frame = np.full((CANVAS, CANVAS, 4), 90, np.uint8)
        paste_face(frame, square, crop_face(frame, square), crop_face(wanted, square)[..., :3])
        shown.append(frame[100:126, 240:266].astype(int))
    assert max(np.abs(other - shown[0]).max() for other in shown[1:]) <= 3


def test_the_square_follows_the_head_by_less_than_a_pixel() -> None:
    """A rounded box would stand, then jump; a face that is cut out by it would shake."""
    rows = [square_of(seen(FaceSquare(230 + step / 8, 90.0, 46.0))) for step in range(9)]
    places = [row.x0 for row in rows if row is not None]
    assert np.allclose(np.diff(places), 1 / 8, atol=1e-3) and len(places) == 9
    assert square_of(seen(None)) is None


def test_the_feather_is_nothing_at_the_border_and_whole_inside() -> None:
    assert FEATHER[0].max() == FEATHER[:, -1].max() == 0
    assert (FEATHER[RIM_PX:-RIM_PX, RIM_PX:-RIM_PX] == 1).all()

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.geometry.face_box import MIN_SIDE_PX, face_box, face_square
from live.puppet.values import FaceBox
from tests.live.puppet.figure import figure, without

CANVAS = (512, 512)
HEAD = (top.NOSE, top.R_EYE, top.L_EYE, top.R_EAR, top.L_EAR)


def head(scale: float = 1.0, x: float = 256, y: float = 200) -> F32:
    """Neck 40 below the nose, eyes 20 apart and 8 above it, ears 30 apart."""
    points = np.zeros((top.K, 2), np.float32)
    points[[top.NOSE, top.NECK, top.R_EYE, top.L_EYE, top.R_EAR, top.L_EAR]] = np.array(
        [(0, 0), (0, 40), (-10, -8), (10, -8), (-15, -2), (15, -2)]
    )
    return (points * scale + (x, y)).astype(np.float32)


def test_golden_box_of_the_openpose_rule() -> None:
    """Midpoints (0, 20), (0, -8), (0, -2): mean y 10/3; sides 2 x 40, 3 x 20, 2 x 30: mean 200/3, so 67."""
    assert face_box(head(), without(), CANVAS) == FaceBox(222, 170, 289, 237)


@pytest.mark.parametrize(
    ("hidden", "side"),
    [((top.NECK,), 60), ((top.R_EYE,), 70), ((top.R_EYE, top.R_EAR), 80), ((top.NOSE, top.R_EAR), 60)],
)
def test_what_is_seen_is_enough(hidden: tuple[int, ...], side: int) -> None:
    box = face_box(head(), without(*hidden), CANVAS)
    assert box is not None
    assert box.x1 - box.x0 == side


@pytest.mark.parametrize(
    "scores", [np.zeros(top.K, np.float32), without(*HEAD), without(top.NECK, top.L_EYE, top.L_EAR)]
)
def test_no_head_no_box(scores: F32) -> None:
    assert face_box(head(), scores, CANVAS) is None


def test_a_head_outside_the_canvas_has_no_box() -> None:
    assert face_box(head(x=-100), without(), CANVAS) is None
    assert face_box(head(y=600), without(), CANVAS) is None


def test_nan_is_no_head() -> None:
    assert face_box(np.full((top.K, 2), np.nan, np.float32), without(), CANVAS) is None


def test_a_box_at_the_edge_is_pushed_inside_and_keeps_its_size() -> None:
    assert face_box(head(x=505, y=505), without(), CANVAS) == FaceBox(445, 445, 512, 512)
    assert face_box(head(x=5, y=5), without(), CANVAS) == FaceBox(0, 0, 67, 67)


@given(
    x=st.floats(-600, 1200),
    y=st.floats(-600, 1200),
    scale=st.floats(0, 50),
    canvas=st.sampled_from([CANVAS, (640, 256)]),
)
def test_the_box_is_a_square_inside_the_canvas(x: float, y: float, scale: float, canvas: tuple[int, int]) -> None:
    box = face_box(head(scale, x, y), without(), canvas)
    if box is None:
        return
    assert 0 <= box.x0 < box.x1 <= canvas[0]
    assert 0 <= box.y0 < box.y1 <= canvas[1]
    assert MIN_SIDE_PX <= box.x1 - box.x0 == box.y1 - box.y0 <= min(canvas)


def test_the_box_of_a_whole_figure_holds_the_face() -> None:
    points = figure(floor=460, height=300, x=256)
    box = face_box(points, without(), CANVAS)
    assert box is not None
    assert (points[top.FACE] >= (box.x0, box.y0)).all()
    assert (points[top.FACE] <= (box.x1, box.y1)).all()


@given(st.floats(0.1, 12), st.floats(-50, 560), st.floats(-50, 560))
def test_the_square_is_the_box_before_rounding(scale: float, x: float, y: float) -> None:
    points = head(scale, x, y)
    box, square = face_box(points, without(), CANVAS), face_square(points, without(), CANVAS)
    assert (box is None) == (square is None)
    if box is not None and square is not None:
        assert abs(box.x1 - box.x0 - square.side) <= 0.5
        assert max(abs(box.x0 - square.x0), abs(box.y0 - square.y0)) <= 1.0
        assert 0 <= min(square.x0, square.y0) and max(square.x0, square.y0) + square.side <= 512 + 1e-9

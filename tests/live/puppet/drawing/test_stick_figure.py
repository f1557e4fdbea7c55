import numpy as np
import pytest

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.drawing.stick_figure import draw_stick_figure
from live.puppet.values import PlacedPose
from tests.live.puppet.figure import figure, without
from tests.live.puppet.paper import torso_of

STANDING = figure(floor=230, height=200, x=128, arms=0.8)
SIZE = torso_of(STANDING)


def draw(points: F32, scores: F32) -> np.ndarray:
    return draw_stick_figure(PlacedPose(0, 0.0, points, scores, SIZE), (256, 240), valid_score=0.3)


def at(picture: np.ndarray, a: int, b: int) -> tuple[int, ...]:
    x, y = ((STANDING[a] + STANDING[b]) / 2).astype(int)
    return tuple(int(v) for v in picture[y, x])


def test_the_picture_is_rgb_of_the_canvas_size_on_black() -> None:
    picture = draw(STANDING, without())
    assert picture.shape == (240, 256, 3) and picture.dtype == np.uint8
    assert picture.any() and not picture[:, :10].any()


@pytest.mark.parametrize(
    ("a", "b", "colour"),
    [
        (top.R_SHOULDER, top.R_ELBOW, (255, 130, 0)),
        (top.L_SHOULDER, top.L_ELBOW, (85, 255, 0)),
        (top.R_HIP, top.R_KNEE, (0, 255, 170)),
        (top.L_KNEE, top.L_ANKLE, (60, 60, 255)),
    ],
)
def test_limbs_have_openposes_colours(a: int, b: int, colour: tuple[int, int, int]) -> None:
    assert at(draw(STANDING, without()), a, b) == colour


def test_a_joint_that_is_not_seen_draws_nothing() -> None:
    picture = draw(STANDING, without(top.R_ELBOW))
    assert at(picture, top.R_SHOULDER, top.R_ELBOW) == at(picture, top.R_ELBOW, top.R_WRIST) == (0, 0, 0)


def test_nobody_is_black() -> None:
    assert not draw(STANDING, np.zeros(top.K, np.float32)).any()


@pytest.mark.parametrize("far", [1e4, 1e30, float("nan")])
def test_points_far_outside_do_no_harm(far: float) -> None:
    points = STANDING.copy()
    points[top.R_WRIST], points[top.NOSE] = far, -far
    assert draw(points, without()).shape == (240, 256, 3)

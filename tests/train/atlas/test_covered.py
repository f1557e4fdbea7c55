import numpy as np
import pytest

from live.puppet import topology as T
from train.atlas.covered import covered

# A torso of 100x60 px, its top left at (100, 100): rows along y, columns along x; one texel is one pixel.
FRAME = np.array([[0.0, 30.0, 130.0], [100.0, 0.0, 100.0]])
SHAPE = (100, 60)
SIZE = 50.0


@pytest.fixture
def pose() -> tuple[np.ndarray, np.ndarray]:
    """Both arms far away."""
    points = np.full((137, 2), 900, np.float32)
    points[T.R_WRIST] = points[T.L_WRIST] = 950
    return points, np.ones(137, np.float32)


def test_arms_elsewhere_cover_nothing(pose: tuple[np.ndarray, np.ndarray]) -> None:
    assert not covered(FRAME, *pose, SIZE, SHAPE).any()


def test_a_forearm_across_covers_its_line_and_the_hand_beyond(pose: tuple[np.ndarray, np.ndarray]) -> None:
    points, scores = pose
    points[T.R_ELBOW], points[T.R_WRIST] = (100, 150), (120, 150)
    mask = covered(FRAME, points, scores, SIZE, SHAPE)
    assert mask[50, 10] and mask[50, 30]  # forearm; 10 px beyond the wrist
    assert not mask[50, 55] and not mask[20, 10] and not mask[80, 30]
    assert mask[:, 28].sum() > mask[:, 5].sum()  # a hand is thicker than an arm


def test_an_arm_that_was_not_found_covers_nothing(pose: tuple[np.ndarray, np.ndarray]) -> None:
    points, scores = pose
    points[T.R_ELBOW], points[T.R_WRIST] = (100, 150), (120, 150)
    scores[T.R_WRIST] = 0
    assert not covered(FRAME, points, scores, SIZE, SHAPE).any()


def test_coordinates_far_outside_do_no_harm(pose: tuple[np.ndarray, np.ndarray]) -> None:
    points, scores = pose
    points[T.L_ELBOW], points[T.L_WRIST] = (-1e6, 150), (1e6, 150)
    assert covered(FRAME, points, scores, SIZE, SHAPE).shape == SHAPE

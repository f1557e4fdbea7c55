import numpy as np
import pytest

from engines.arrays import F32
from live.puppet import topology as T
from tests.live.puppet.figure import figure
from tests.live.puppet.paper import torso_of
from train.bundle.poster import openness

OPEN = figure(floor=400.0, height=300.0, x=200.0, arms=0.6)  # the arms held out a little


def opennesses(*poses: F32) -> list[float]:
    return openness(np.array(poses), np.array([torso_of(points) for points in poses])).tolist()


def crossed() -> F32:
    points = OPEN.copy()
    points[[T.R_WRIST, T.L_WRIST]] = points[T.NECK] + np.float32([0, 20])
    return points


def from_behind() -> F32:
    points = OPEN.copy()
    points[:, 0] = 400 - points[:, 0]
    return points


@pytest.mark.parametrize("pose", [crossed(), from_behind(), figure(floor=400.0, height=300.0, x=200.0, arms=2.6)])
def test_hands_before_the_body_a_back_and_raised_arms_show_less(pose: F32) -> None:
    plain, other = opennesses(OPEN, pose)
    assert other < plain - 0.3


def test_the_same_pose_elsewhere_and_larger_shows_as_much() -> None:
    one, other = opennesses(figure(floor=200.0, height=300.0, x=90.0, arms=0.6), OPEN)
    assert one == pytest.approx(other, abs=0.01)

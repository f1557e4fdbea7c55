import numpy as np
import pytest

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.drawing.parts import EXTENTS, PART_NAMES, part_frames
from tests.live.puppet.figure import figure, without
from tests.live.puppet.paper import torso_of
from train.atlas.cut_out import texels_of
from train.atlas.head import face_hidden, head_mask

STANDING = figure(floor=460, height=400, x=256, arms=0.4)
SIZE = torso_of(STANDING)
SHAPE = (145, 140)


def frame_of(points: F32) -> np.ndarray:
    return part_frames(points, without(), SIZE, 0.3, EXTENTS)[0][PART_NAMES.index("head")]


def hand_before_face() -> F32:
    points = STANDING.copy()
    points[top.R_ELBOW] = points[top.NOSE] + np.float32([-90, 60])
    points[top.R_WRIST] = points[top.NOSE] + np.float32([-20, 10])
    return points


def test_hair_belongs_to_the_head_however_far_it_flies_and_shoulders_do_not() -> None:
    mask = head_mask(frame_of(STANDING), STANDING, without(), SIZE, SHAPE)
    ears = (STANDING[top.L_EAR] + STANDING[top.R_EAR]) / 2
    (_, ear_row), (_, neck_row) = texels_of(frame_of(STANDING), np.stack([ears, STANDING[top.NECK]]), SHAPE) // 16
    assert (mask[: ear_row + 2] == 1).all()
    assert not mask[neck_row:].any()


def test_an_arm_before_the_head_is_not_head() -> None:
    points = hand_before_face()
    mask = head_mask(frame_of(points), points, without(), SIZE, SHAPE)
    column, row = texels_of(frame_of(points), points[[top.R_WRIST]], SHAPE)[0] // 16
    assert mask[row, column] == 0 and mask[3, 70] == 1
    unseen = head_mask(frame_of(points), points, without(top.R_WRIST), SIZE, SHAPE)
    assert unseen[row, column] == 1


@pytest.mark.parametrize(("points", "low", "high"), [(STANDING, 0.0, 0.0), (hand_before_face(), 0.3, 1.0)])
def test_a_hidden_face_is_measured(points: F32, low: float, high: float) -> None:
    assert low <= face_hidden(frame_of(points), points, without(), SIZE, SHAPE) <= high

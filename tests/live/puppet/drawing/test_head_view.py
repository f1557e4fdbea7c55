import numpy as np
import pytest

from engines.arrays import F32, F64
from live.puppet import topology as top
from live.puppet.drawing.fit import KEY_SIZE, as_complex
from live.puppet.drawing.head_view import BODY_POINTS, FACE_POINTS, head_axis, head_key, head_turn
from tests.live.puppet.figure import figure, without
from tests.live.puppet.paper import torso_of

STANDING = figure(floor=460, height=400, x=256, arms=0.8)
SIZE = torso_of(STANDING)


def key_of(points: F32, *missing: int) -> F64:
    plane = as_complex(points)
    return head_key(plane, without(*missing), 0.3, *head_axis(plane, SIZE), SIZE)


def turn_of(points: F32) -> tuple[float, float, float]:
    plane = as_complex(points)
    return head_turn(plane, *head_axis(plane, SIZE), SIZE)


def test_the_key_moves_and_rolls_with_the_head() -> None:
    angle = 0.4
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    rolled = ((STANDING - STANDING[top.NECK]) @ turn.T + [300, 200]).astype(np.float32)
    assert key_of(rolled) == pytest.approx(key_of(STANDING), abs=1e-4)


def test_a_nod_changes_the_key_of_the_face_and_a_jaw_does_not() -> None:
    speaking, nodding = STANDING.copy(), STANDING.copy()
    speaking[[top.FACE.start + n for n in (*range(5, 12), *range(55, 60), *range(65, 68))]] += 9
    nodding[top.NOSE, 1] += 9
    assert key_of(speaking) == pytest.approx(key_of(STANDING))
    assert np.abs(key_of(nodding) - key_of(STANDING)).max() > 0.03


def test_without_a_face_the_body_points_are_left() -> None:
    key = key_of(STANDING, *range(top.FACE.start, top.FACE.stop))
    assert key[: 2 * len(BODY_POINTS)].any() and not key[2 * len(BODY_POINTS) :].any()
    assert len(BODY_POINTS) + len(FACE_POINTS) == KEY_SIZE // 2


def test_the_turn_tells_front_from_back_left_from_right_and_up_from_down() -> None:
    ears, yaw, pitch = turn_of(STANDING)
    behind = STANDING.copy()
    behind[[top.L_EAR, top.R_EAR]] = STANDING[[top.R_EAR, top.L_EAR]]
    assert turn_of(behind)[0] == pytest.approx(-ears) and ears > 0
    aside, down = STANDING.copy(), STANDING.copy()
    aside[top.NOSE, 0] -= 8
    down[top.NOSE, 1] += 8
    assert abs(turn_of(aside)[1] - yaw) == pytest.approx(8 / SIZE, abs=1e-4)
    assert turn_of(down)[2] - pitch == pytest.approx(8 / SIZE, abs=1e-4)

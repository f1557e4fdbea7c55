import numpy as np
import pytest

from engines.arrays import F32, F64
from live.puppet import topology as top
from live.puppet.drawing.fit import as_complex
from live.puppet.drawing.hand_view import POINTS, hand_axis, hand_found, hand_key

FIRST = top.R_HAND.start
TORSO = 100.0


def hand(bend: float, *, turned: float = 0.0, size: float = 1.0, at: tuple[float, float] = (200.0, 150.0)) -> F32:
    """All 137 points with a right hand: five fingers fanned out, each bent sideways by `bend` radians a joint."""
    points = np.zeros((top.K, 2), np.float32)
    placed = [(0.0, 0.0)]
    for finger in range(5):
        angle, x, y = 0.25 * (finger - 2), 0.0, 0.0
        for joint in range(4):
            reach = 12.0 if joint == 0 else 6.0
            x, y = x + reach * np.cos(angle), y + reach * np.sin(angle)
            angle += bend
            placed.append((x, y))
    turn = np.array([[np.cos(turned), -np.sin(turned)], [np.sin(turned), np.cos(turned)]])
    points[top.R_HAND] = (np.array(placed) @ turn.T * size + at).astype(np.float32)
    return points


def key_of(points: F32, *missing: int) -> F64:
    scores, plane = np.ones(top.K, np.float32), as_complex(points)
    scores[list(missing)] = 0
    return hand_key(plane, scores, FIRST, 0.3, hand_axis(plane, FIRST, 1j, TORSO), TORSO)


def test_a_hand_is_found_by_its_wrist_and_middle_knuckle() -> None:
    scores = np.ones(top.K, np.float32)
    assert hand_found(scores, FIRST, 0.3)
    for joint in (0, 9):
        lost = scores.copy()
        lost[FIRST + joint] = 0.2
        assert not hand_found(lost, FIRST, 0.3)


def test_the_key_says_the_shape_and_not_where_the_hand_is_or_points() -> None:
    here = key_of(hand(0.3))
    assert key_of(hand(0.3, turned=2.0, at=(50.0, 400.0))) == pytest.approx(here, abs=1e-4)
    assert np.abs(key_of(hand(-0.3)) - here).max() > 0.03


def test_a_palm_seen_end_on_takes_the_forearms_direction() -> None:
    points = hand(0.3)
    points[FIRST + 9] = points[FIRST]
    assert hand_axis(as_complex(points), FIRST, 0.6 + 0.8j, TORSO) == 0.6 + 0.8j


def test_points_that_were_not_found_are_no_part_of_the_key() -> None:
    key = key_of(hand(0.2), FIRST + POINTS[1], FIRST + POINTS[3])
    assert not key[2:4].any() and not key[6:8].any() and key[:2].all()

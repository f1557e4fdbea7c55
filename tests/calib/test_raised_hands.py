from dataclasses import replace

import numpy as np

from calib.raised_hands import RaisedHands
from live.puppet import topology as T
from live.puppet.values import Pose
from tests.calib.people import standing


def raised(t_s: float, *, left: bool = True, right: bool = True, out_of_view: bool = False) -> Pose:
    """One with hands above the head; `out_of_view`: so high that the picture does not show them."""
    base = standing()
    points, scores = base.points_px.copy(), base.scores.copy()
    for up, elbow, wrist in ((left, T.L_ELBOW, T.L_WRIST), (right, T.R_ELBOW, T.R_WRIST)):
        if up:
            points[elbow, 1], points[wrist, 1] = points[T.NOSE, 1] - 30, points[T.NOSE, 1] - 200
            scores[wrist] = 0 if out_of_view else 1
    return replace(base, t_capture_s=t_s, points_px=points, scores=scores)


def told(poses: list[Pose]) -> list[float]:
    """When it told."""
    gesture = RaisedHands()
    return [pose.t_capture_s for pose in poses if gesture.step(pose)]


def test_both_hands_up_for_two_seconds_tell_once() -> None:
    assert told([raised(i / 30) for i in range(150)]) == [2.0]


def test_it_tells_again_after_the_hands_were_down() -> None:
    up = [raised(i / 30) for i in range(90)]
    down = [replace(standing(), t_capture_s=3 + i / 30) for i in range(30)]
    again = [raised(4 + i / 30) for i in range(90)]
    assert told([*up, *down, *again]) == [2.0, 6.0]


def test_one_hand_is_a_wave() -> None:
    assert told([raised(i / 30, left=False) for i in range(120)]) == []
    assert told([raised(i / 30, right=False) for i in range(120)]) == []


def test_hands_beside_the_head_are_no_gesture() -> None:
    poses = [raised(i / 30) for i in range(120)]
    for pose in poses:
        pose.points_px[[T.L_WRIST, T.R_WRIST], 1] = pose.points_px[T.NOSE, 1] - 5
    assert told(poses) == []


def test_hands_beyond_the_upper_edge_count_by_the_elbows() -> None:
    assert told([raised(i / 30, out_of_view=True) for i in range(90)]) == [2.0]


def test_a_lost_frame_is_forgiven_and_a_break_is_not() -> None:
    lost = [raised(i / 30) if i != 30 else Pose.empty(i, i / 30, (1280, 960)) for i in range(90)]
    assert told(lost) == [2.0]
    broken = [raised(i / 30) if not 30 <= i < 45 else replace(standing(), t_capture_s=i / 30) for i in range(120)]
    assert told(broken) == [3.5]


def test_nobody_and_nan_are_no_gesture() -> None:
    nan = raised(0.0)
    nan.points_px[:] = np.nan
    assert told([Pose.empty(0, 0.0, (64, 64)), nan]) == []


def test_reset_equals_new() -> None:
    gesture = RaisedHands()
    for i in range(50):
        gesture.step(raised(i / 30))
    gesture.reset()
    assert not any(gesture.step(raised(2 + i / 30)) for i in range(60))

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from calib.camera_check import CameraCheck
from engines.arrays import U8
from live.puppet.values import Frame, Pose
from tests.calib.people import standing

ROOM: U8 = np.random.default_rng(0).integers(60, 200, (240, 320, 3), dtype=np.uint8)


def checked(
    poses: Callable[[int], Pose],
    image: U8 = ROOM,
    *,
    fps: float = 30.0,
    faces: int | None = None,
    seconds: float = 2.0,
) -> str:
    """What is wrong after two seconds."""
    check = CameraCheck(None if faces is None else lambda _: faces)
    for i in range(int(seconds * fps)):
        pose = replace(poses(i), frame_id=i, t_capture_s=i / fps)
        check.add(pose, Frame(i, i / fps, image))
    return check.problem()


def one(_: int) -> Pose:
    return standing()


def test_a_good_picture_has_no_problem() -> None:
    assert checked(one) == "" == checked(one, faces=1)


def test_nothing_is_said_before_a_second_was_seen() -> None:
    assert checked(lambda i: Pose.empty(i, 0, (640, 480)), seconds=0.5) == ""


@pytest.mark.parametrize(
    ("image", "hint"),
    [
        (ROOM // 8, "dark"),
        (np.full_like(ROOM, 250), "too bright"),
        (np.full_like(ROOM, 128), "blurred"),
    ],
)
def test_light_and_sharpness_are_judged(image: U8, hint: str) -> None:
    assert hint in checked(one, image)


def test_recorded_poses_have_no_light_to_judge() -> None:
    assert checked(one, np.zeros((2, 2, 3), np.uint8)) == ""


def test_nobody_is_told_and_in_the_dark_the_lamp_comes_first() -> None:
    def nobody(i: int) -> Pose:
        return Pose.empty(i, 0, (640, 480))

    assert "cannot see you" in checked(nobody)
    assert "lamp" in checked(nobody, ROOM // 8)


def test_two_people_are_found_by_their_faces() -> None:
    assert "more than one" in checked(one, faces=2)


def test_two_people_are_found_by_an_estimator_that_hops_between_them() -> None:
    assert "more than one" in checked(lambda i: standing(x=300 if i // 8 % 2 else 900))


def test_one_who_walks_fast_is_one() -> None:
    assert checked(lambda i: standing(x=200 + 20 * i)) == ""


def test_a_slow_camera_is_told_with_its_rate() -> None:
    assert "Only 8 pictures a second" in checked(one, fps=8)


def test_a_far_figure_is_asked_closer() -> None:
    assert "come closer" in checked(lambda _: standing(floor=500, height=200))


def test_a_hole_in_time_begins_a_new_look() -> None:
    check = CameraCheck()
    for t_s in (0.0, 0.5, 1.0, 1.4):
        check.add(replace(standing(), t_capture_s=t_s), Frame(0, t_s, ROOM))
    assert check.enough
    check.add(replace(standing(), t_capture_s=9.0), Frame(0, 9.0, ROOM))
    assert not check.enough


def test_faces_are_counted_twice_a_second_at_most() -> None:
    counted = []
    check = CameraCheck(lambda image: counted.append(image.shape) or 1)
    for i in range(60):
        check.add(replace(standing(), t_capture_s=i / 30), Frame(i, i / 30, ROOM))
    assert len(counted) == 4

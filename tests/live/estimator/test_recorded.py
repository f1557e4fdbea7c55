import numpy as np

from live.estimator.recorded import RecordedEstimator
from live.puppet.golden_pose import golden_pose
from live.puppet.values import Frame


def frame(number: int) -> Frame:
    return Frame(number, 7.25, np.zeros((48, 64, 3), np.uint8))


def recorded(count: int = 3, *, loop: bool = False) -> RecordedEstimator:
    return RecordedEstimator([golden_pose(i) for i in range(count)], loop=loop)


def test_a_recorded_pose_takes_the_frames_id_and_time() -> None:
    pose = recorded().estimate(frame(2))
    assert (pose.frame_id, pose.t_capture_s, pose.image_size) == (2, 7.25, (640, 640))
    assert np.array_equal(pose.points_px, golden_pose(2).points_px)


def test_after_the_last_recorded_pose_nobody_is_in_view() -> None:
    pose = recorded().estimate(frame(3))
    assert not pose.in_view and (pose.frame_id, pose.t_capture_s, pose.image_size) == (3, 7.25, (64, 48))


def test_a_loop_begins_again() -> None:
    pose = recorded(loop=True).estimate(frame(7))
    assert pose.frame_id == 7 and np.array_equal(pose.points_px, golden_pose(1).points_px)


def test_an_empty_recording_shows_nobody() -> None:
    assert not RecordedEstimator([], loop=True).estimate(frame(0)).in_view

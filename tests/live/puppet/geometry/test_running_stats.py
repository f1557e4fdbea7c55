import dataclasses

import numpy as np
import pytest

from live.puppet import topology as top
from live.puppet.geometry.body_stats import fit_stats
from live.puppet.geometry.running_stats import MAX_POSES, RunningStats
from live.puppet.values import Pose
from tests.live.puppet.figure import clip, figure, pose

STANDING = clip([800.0] * 300, [600.0] * 300)


def shown(poses: list[Pose], freeze_s: float = 4.0) -> RunningStats:
    running = RunningStats(freeze_s=freeze_s)
    for p in poses:
        running.add(p)
    return running


def test_nothing_is_known_before_enough_frames() -> None:
    assert shown(STANDING[:29]).current() is None
    assert shown(STANDING[:30]).current() is not None


def test_it_freezes_after_the_seconds_in_view_and_then_never_changes() -> None:
    running = shown(STANDING[:121])
    assert running.frozen
    frozen = running.current()
    for p in clip([900.0] * 100, [900.0] * 100):
        running.add(p)
    assert running.current() is frozen


def test_it_measures_what_the_offline_fit_measures() -> None:
    walk = clip(list(np.linspace(800, 900, 121)), list(np.linspace(500, 600, 121)))
    assert shown(walk).current() == fit_stats(walk)


def test_time_out_of_view_does_not_count() -> None:
    running = RunningStats(freeze_s=4.0)
    for i, p in enumerate(STANDING[:110]):
        running.add(p)
        running.add(Pose.empty(i, i / 30 + 1, p.image_size))
    late = [dataclasses.replace(p, t_capture_s=p.t_capture_s + 600) for p in STANDING[110:115]]
    for p in late:
        running.add(p)
    assert not running.frozen


def test_a_jump_while_it_measures_does_not_rescale() -> None:
    lifts = [150 * max(0.0, np.sin(np.pi * (i - 60) / 18)) if 60 <= i < 78 else 0.0 for i in range(121)]
    jumping = [pose(figure(floor=800, height=600, lift=lift), t_s=i / 30) for i, lift in enumerate(lifts)]
    stats, calm = shown(jumping).current(), shown(STANDING[:121]).current()
    assert stats is not None
    assert calm is not None
    assert (stats.near_y, stats.far_y, stats.size) == pytest.approx((calm.near_y, calm.far_y, calm.size))


def test_memory_is_bounded() -> None:
    running = RunningStats(freeze_s=1e9)
    for i in range(MAX_POSES + 100):
        running.add(dataclasses.replace(STANDING[0], t_capture_s=i / 30))
    assert len(running._poses) == MAX_POSES
    assert len(shown(STANDING)._poses) == 0  # a frozen one keeps none


def test_it_keeps_copies() -> None:
    running = RunningStats(freeze_s=4.0)
    walk = clip(list(np.linspace(800, 900, 121)), list(np.linspace(500, 600, 121)))
    buffer = walk[0].points_px.copy()
    for p in walk:
        buffer[:] = p.points_px
        running.add(dataclasses.replace(p, points_px=buffer))
    assert running.current() == shown(walk).current()


def test_reset_equals_new() -> None:
    running = shown(clip([700.0] * 200, [300.0] * 200))
    running.reset()
    assert running.current() is None
    new = RunningStats(freeze_s=4.0)
    for p in STANDING[:130]:
        running.add(p)
        new.add(p)
        assert running.current() == new.current()
        assert running.frozen == new.frozen


def test_a_picture_of_another_size_starts_anew() -> None:
    running = shown(STANDING[:60])
    running.add(dataclasses.replace(STANDING[60], image_size=(640, 480)))
    assert running.current() is None


def test_poses_that_cannot_be_measured_are_passed_over() -> None:
    poses = STANDING[:121]
    fallen = dataclasses.replace(poses[0], points_px=poses[0].points_px[:, ::-1].copy())
    broken = dataclasses.replace(poses[0], points_px=np.full((top.K, 2), np.nan, np.float32))
    running = RunningStats(freeze_s=4.0)
    for p in poses:
        for each in (p, fallen, broken):
            running.add(each)
    assert running.current() == shown(poses).current()


def test_a_freeze_time_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted seconds above 0"):
        RunningStats(freeze_s=0)

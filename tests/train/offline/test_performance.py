from pathlib import Path

import numpy as np
import pytest

from live.estimator.recorded import RecordedEstimator
from live.performer.recording import save_poses
from live.puppet.errors import PuppetError
from live.puppet.values import Pose
from tests.train.film import poses, write_video
from train.errors import TrainError
from train.offline import performance
from train.offline.performance import watch_performance


def grey(count: int) -> list[np.ndarray]:
    return [np.full((32, 32, 3), 100, np.uint8) for _ in range(count)]


def test_a_video_gives_one_pose_a_frame_at_its_own_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "open_estimator", lambda kind, say: RecordedEstimator(poses(10), "fake"))
    found = watch_performance(write_video(tmp_path / "clip.mkv", grey(10)))
    assert (found.name, found.fps, found.estimator, len(found.poses)) == ("clip", 30.0, "fake", 10)
    assert [pose.t_capture_s for pose in found.poses] == pytest.approx([i / 30 for i in range(10)], abs=1e-3)
    assert len(watch_performance(tmp_path / "clip.mkv", frames=4).poses) == 4


def test_recorded_poses_are_read_as_they_are(tmp_path: Path) -> None:
    save_poses(tmp_path / "dance.npz", poses(10), estimator="fake")
    found = watch_performance(tmp_path / "dance.npz", frames=6)
    assert (found.name, found.estimator, len(found.poses)) == ("dance", "fake", 6)
    assert found.fps == pytest.approx(30)


def test_a_clip_without_anybody_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "open_estimator", lambda kind, say: RecordedEstimator([], "fake"))
    with pytest.raises(TrainError, match="nobody was seen"):
        watch_performance(write_video(tmp_path / "clip.mkv", grey(3)))
    save_poses(tmp_path / "none.npz", [Pose.empty(0, 0.0, (4, 4))], estimator="fake")
    with pytest.raises(TrainError, match="nobody was seen"):
        watch_performance(tmp_path / "none.npz")


def test_what_is_no_clip_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no such video"):
        watch_performance(tmp_path / "nothing.mp4")
    with pytest.raises(PuppetError, match="no such pose file"):
        watch_performance(tmp_path / "nothing.npz")

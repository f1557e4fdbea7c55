"""A performance: the poses of the person in a clip, found as live finds them."""

from dataclasses import dataclass
from pathlib import Path

from tqdm import tqdm

from live.estimator.choose import open_estimator
from live.performer.recording import load_poses
from live.puppet.values import Pose
from live.sources.video import VideoSource
from train.errors import TrainError
from train.films.video import probe


@dataclass(frozen=True, slots=True)
class Performance:
    """`poses`: one per frame, in pixels of the clip, at the clip's own times. `estimator`: what found them."""

    name: str
    poses: list[Pose]
    fps: float
    estimator: str


def watch_performance(clip: Path, *, frames: int = 0) -> Performance:
    """Find the poses in a video, or read a file of recorded ones (.npz). `frames`: the most to read (0: all).

    Raises PuppetError or TrainError when it cannot be read, TrainError when nobody is in it.
    """
    performance = _recorded(clip, frames) if clip.suffix.lower() == ".npz" else _watched(clip, frames)
    if not any(pose.in_view for pose in performance.poses):
        raise TrainError(
            f"nobody was seen in {clip.name}",
            got=f"{len(performance.poses)} frames without a person",
            do="use a clip in which one person is in view",
        )
    return performance


def _recorded(clip: Path, frames: int) -> Performance:
    poses, estimator = load_poses(clip)
    poses = poses[:frames] if frames else poses
    span = poses[-1].t_capture_s - poses[0].t_capture_s if poses else 0.0
    return Performance(clip.stem, poses, (len(poses) - 1) / span if span > 0 else 30.0, estimator)


def _watched(clip: Path, frames: int) -> Performance:
    total = min(filter(None, (probe(clip).frames, frames)), default=None)  # a header may not say how many
    source, estimator = VideoSource(clip, tqdm.write), open_estimator("auto", tqdm.write)
    poses: list[Pose] = []
    try:
        with tqdm(total=total, desc=f"watch {clip.name}", unit="frame") as bar:
            while (frame := source.read()) is not None and not (frames and len(poses) >= frames):
                poses.append(estimator.estimate(frame))
                bar.update()
    finally:
        source.close()
        estimator.close()
    return Performance(clip.stem, poses, source.fps, estimator.name)

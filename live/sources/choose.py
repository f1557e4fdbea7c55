"""Turns the text after `--source` into a source and its estimator."""

from dataclasses import dataclass
from pathlib import Path

from engines.messages import Say
from live.clock import Clock
from live.config import LiveConfig
from live.puppet.errors import CameraError
from live.puppet.values import Pose
from live.sources.base import Source
from live.sources.looped import LoopedSource
from live.specs import is_camera

DEMO_CLIP = Path(__file__).parents[2] / "engines" / "targets" / "demo" / "demo_dance.mp4"


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A source; for recorded poses also the `poses` (None: a picture source) and the `estimator` that made them."""

    source: Source
    poses: list[Pose] | None = None
    estimator: str | None = None


def open_source(config: LiveConfig, clock: Clock, say: Say) -> OpenedSource:
    """Open `config.source`. Raises CameraError, or PoseFileError for an .npz."""
    if is_camera(config.source):
        from live.sources.camera import CameraSource
        from live.sources.camera_list import find_camera, list_cameras

        device = find_camera(config.source.partition(":")[2], list_cameras())
        return OpenedSource(CameraSource(device, config.camera_size_px, clock))
    path = DEMO_CLIP if config.source == "demo" else Path(config.source)
    if path.suffix.lower() == ".npz":
        from live.sources.poses import PoseFileSource

        recorded = PoseFileSource(path)
        source: Source = LoopedSource(lambda: PoseFileSource(path)) if config.loop else recorded
        return OpenedSource(source, recorded.poses, recorded.estimator)
    if not config.loop:
        return OpenedSource(_open_pictures(path, say))
    say_once = _once(say)  # a file's messages would repeat on every round
    return OpenedSource(LoopedSource(lambda: _open_pictures(path, say_once)))


def _once(say: Say) -> Say:
    said: set[str] = set()

    def tell(text: str) -> None:
        if text not in said:
            said.add(text)
            say(text)

    return tell


def _open_pictures(path: Path, say: Say) -> Source:
    from live.sources.images import ImageFolderSource
    from live.sources.video import VideoSource

    if path.is_dir():
        return ImageFolderSource(path, say)
    if not path.exists():
        raise CameraError(f"no such source: {path}", wanted="camera, camera:NAME, demo, a video, a folder or an .npz")
    return VideoSource(path, say)

"""The pose models: whether their files are intact, and whether they find the dancer in the demo clip."""

import base64
import hashlib
import importlib.metadata
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from live.doctor.finding import Finding
from live.estimator.hashes import MODELS, SHA256
from live.puppet.values import Frame

if TYPE_CHECKING:  # it imports cv2, which may be what cannot be loaded
    from live.estimator.estimator import PoseEstimator

_PACKAGE = "mediapipe"
_ENDINGS = (".tflite", ".binarypb")
_OURS = "pip install --force-reinstall --no-deps everybody-dance-live, or git checkout live/estimator/models"
_INSTALL = "pip install --force-reinstall --no-deps mediapipe==0.10.21"
_TRIES = 10  # pictures of the clip


def findings() -> list[Finding]:
    """A line about what is wrong with the files; if nothing, one about the dancer."""
    wrong = changed(MODELS, SHA256) + damaged(_PACKAGE)
    return wrong or [find_dancer(_demo_frames(), _open)]


def changed(folder: Path, sha256: Mapping[str, str]) -> list[Finding]:
    """What is wrong with our own models in `folder`, by the hash of each."""
    bad = [name for name, wanted in sha256.items() if _sha256(folder / f"{name}.tflite") != wanted]
    return [Finding("bad", f"damaged or missing: {', '.join(bad)}", _OURS)] if bad else []


def damaged(package: str) -> list[Finding]:
    """What is wrong with the models of an installed package, by the hashes that pip recorded."""
    try:
        files = importlib.metadata.distribution(package).files or []
    except importlib.metadata.PackageNotFoundError:
        return [Finding("bad", f"{package} is not installed", "pip install -e .")]
    models = [file for file in files if file.name.endswith(_ENDINGS)]
    bad = [file.name for file in models if not _whole(Path(str(file.locate())), file.hash)]
    if not models:
        return [Finding("bad", f"{package} has no models", _INSTALL)]
    if bad:
        return [Finding("bad", f"damaged or missing: {', '.join(bad)}", _INSTALL)]
    return []


def find_dancer(frames: list[Frame], open_estimator: "Callable[[], PoseEstimator]") -> Finding:
    """Whether the estimator finds somebody in one of the frames."""
    estimator = open_estimator()
    try:
        for frame in frames:
            start_s = time.perf_counter()
            pose = estimator.estimate(frame)
            if pose.scores.any():
                ms = (time.perf_counter() - start_s) * 1000
                return Finding("ok", f"intact; the demo dancer is found ({ms:.0f} ms for the first picture)")
    finally:
        estimator.close()
    return Finding("bad", "intact, but they find nobody in the demo clip", _OURS)


def _sha256(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _whole(path: Path, noted: "importlib.metadata.FileHash | None") -> bool:
    try:
        content = path.read_bytes()
    except OSError:
        return False
    if noted is None or noted.mode != "sha256":
        return bool(content)
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return digest == noted.value


def _demo_frames() -> list[Frame]:
    from live.sources.choose import DEMO_CLIP
    from live.sources.video import VideoSource

    source = VideoSource(DEMO_CLIP, lambda _: None)
    try:
        return [frame for _ in range(_TRIES) if (frame := source.read()) is not None]
    finally:
        source.close()


def _open() -> "PoseEstimator":
    from live.estimator.landmark_estimator import LandmarkEstimator

    return LandmarkEstimator()

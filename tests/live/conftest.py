"""The tiny target, written once; a machine without devices; a short recording."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.system.process import SIGNALS
from live.cli import defaults as resolve
from live.performer.recording import save_poses
from tests.live.tiny_target import ESTIMATOR, walking, write_target


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small valid target without a generator. Do not write to it."""
    return write_target(tmp_path_factory.mktemp("targets") / "tiny")


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No camera, no virtual camera, an empty folder to work in, and the signal handlers put back."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(resolve, "list_cameras", list)
    monkeypatch.setattr(resolve, "has_virtual_camera", lambda: False)
    monkeypatch.setattr(resolve, "has_desktop", lambda: False)
    monkeypatch.setattr("live.performer.profile.profiles_folder", lambda: tmp_path / "profiles")
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def poses(tmp_path: Path) -> str:
    save_poses(tmp_path / "walk.npz", walking(45), estimator=ESTIMATOR)
    return "walk.npz"

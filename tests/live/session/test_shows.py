"""A show in which a target and an engine were exchanged ends whole; scripts/shows.py does it twenty times."""

import sys
from pathlib import Path

import pytest

from live.performer.recording import save_poses
from scripts.shows import show
from tests.live.tiny_face import write_target_with_face
from tests.live.tiny_target import ESTIMATOR, walking

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and terminals")


@pytest.mark.parametrize(("changes", "upgrade", "end"), [(1, False, "SIGTERM"), (2, True, "SIGINT"), (0, True, "q")])
def test_a_show_ends_whole(changes: int, upgrade: bool, end: str, tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    targets = [str(write_target_with_face(tmp_path / name)) for name in ("faced", "other")]
    save_poses(tmp_path / "walk.npz", walking(45), estimator=ESTIMATOR)
    poses = tmp_path / "walk.npz"
    assert show(tmp_path, changes, upgrade, end, targets=targets, poses=poses) == ""

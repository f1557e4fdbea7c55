"""What tests/killed.py kills for test_export.py."""

from pathlib import Path

import cv2

from engines.bundle import find_target, find_targets, open_bundle
from engines.system import whole_folder
from tests.train.dataset_folder import write_dataset
from train.bundle.export import export_doll

cv2.setNumThreads(1)  # its threads would not be there after a fork


def begin(folder: Path) -> None:
    write_dataset(folder / "paper", 150)
    export_doll(folder / "paper", folder / "targets" / "me", title="old")


def work(folder: Path) -> None:
    export_doll(folder / "paper", folder / "targets" / "me", title="new")


def look(folder: Path) -> None:
    whole_folder._YOUNG_S = 0.0
    assert open_bundle(find_target(folder / "targets" / "me")).title in ("old", "new")
    assert list(find_targets([folder / "targets"])) == ["me"]
    left = [path.name for path in (folder / "targets").iterdir() if path.name != ".me.lock"]
    assert left == ["me"], left

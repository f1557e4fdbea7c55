"""What tests/killed.py kills for test_prepare_pairs.py."""

import json
from pathlib import Path

import cv2

from engines.system import whole_folder
from tests.train.pair_set import write_pairs
from train.dataset.pairs import open_pairs
from train.films.prepare_pairs import prepare_pairs

cv2.setNumThreads(1)  # its threads would not be there after a fork


def begin(folder: Path) -> None:
    write_pairs(folder / "set", train=8, test=0)
    work(folder)


def work(folder: Path) -> None:
    prepare_pairs(folder / "set", name="x", out=folder / "work")


def look(folder: Path) -> None:
    whole_folder._YOUNG_S = 0.0
    whole_folder.clear(folder / "work")
    made = folder / "work" / "x"
    assert (
        open_pairs(made, json.loads((made / "dataset.json").read_text())).name == "x"
        and len(list((folder / "set").rglob("*.png"))) == 16
    )
    left = [path.name for path in (folder / "work").iterdir() if path.name != ".x.lock"]
    assert left == ["x"], left

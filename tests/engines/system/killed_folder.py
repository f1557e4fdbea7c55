"""What tests/killed.py kills for test_whole_folder.py."""

import shutil
from pathlib import Path

from engines.system import whole_folder
from engines.system.whole_folder import MARKER, clear

FILES = ("atlas.npz", "full/frames.npy")


def make(place: Path, text: str) -> None:
    with whole_folder.whole_folder(place, "data set", lambda folder: ()) as folder:
        (folder / "full").mkdir()
        for name in FILES:
            (folder / name).write_text(text)


def begin(folder: Path) -> None:
    (folder / "notes.txt").write_text("precious")
    make(folder / "there", "old")


def work(folder: Path) -> None:
    make(folder / "there", "new")
    make(folder / "fresh", "new")


def look(folder: Path) -> None:
    whole_folder._YOUNG_S = 0.0
    clear(folder)
    assert (folder / "notes.txt").read_text() == "precious"
    assert files(folder / "there") in ("old", "new") and files(folder / "fresh") in ("", "new")
    shutil.rmtree(folder / "fresh", ignore_errors=True)
    make(folder / "there", "old")
    left = sorted(path.name for path in folder.iterdir() if path.name != ".fresh.lock")
    assert left == ["notes.txt", "there"], left


def files(place: Path) -> str:
    """What stands in all of its files."""
    found = {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}
    assert not found or found.keys() == {MARKER, *FILES}, found.keys()
    texts = {found[name].read_text() for name in FILES} if found else {""}
    assert len(texts) == 1, texts
    return texts.pop()

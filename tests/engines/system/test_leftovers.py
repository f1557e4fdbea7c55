import os
from pathlib import Path

from filelock import FileLock

from engines.selection.cache import Cache
from engines.system.leftovers import clear_older_builds, clear_older_exports

KEY = "0123456789abcdef" * 2


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.endswith(".lock")}


def folder_of(place: Path, *files: str, age_s: float = 7200.0) -> Path:
    place.mkdir()
    for name in files:
        (place / name).write_text("x")
    for path in (*place.iterdir(), place):
        os.utime(path, (path.stat().st_atime, path.stat().st_mtime - age_s))
    return place


def bundle(folder: Path) -> set[str]:
    return {"manifest.json", "atlas.npz"} if (folder / "manifest.json").exists() else set()


def test_builds_that_were_killed_are_cleared_but_not_those_of_a_running_program(tmp_path: Path) -> None:
    folder_of(tmp_path / f"{KEY}.abcd_123", "network.onnx")
    folder_of(tmp_path / KEY, "entry.json")
    folder_of(tmp_path / "holidays.abcd_123", "a.jpg")
    with FileLock(tmp_path / f"{KEY}.lock"):
        clear_older_builds(tmp_path)
        assert names(tmp_path) == {f"{KEY}.abcd_123", KEY, "holidays.abcd_123"}
    assert Cache(tmp_path).lasts
    assert names(tmp_path) == {KEY, "holidays.abcd_123"}


def test_a_replaced_bundle_is_cleared_or_put_back_where_the_new_one_is_missing(tmp_path: Path) -> None:
    for name in (".me-old", "me", ".you-old"):
        folder_of(tmp_path / name, "manifest.json", "atlas.npz")
    folder_of(tmp_path / ".mine-old", "manifest.json", "atlas.npz", "notes.txt")
    folder_of(tmp_path / ".photos-old", "a.jpg")
    clear_older_exports(tmp_path, bundle)
    assert names(tmp_path) == {"me", "you", ".mine-old", ".photos-old"}


def test_an_export_that_was_killed_is_cleared_when_it_is_old_and_all_of_it_is_an_export_s(tmp_path: Path) -> None:
    exported = ("atlas.npz", "plate_full.jpg", "idle.npz", "generator.lite.onnx", "poster.jpg.part")
    folder_of(tmp_path / ".me-abcdefgh", *exported)
    folder_of(tmp_path / ".me-00000000", *exported, age_s=60.0)
    folder_of(tmp_path / ".me-11111111", *exported, "notes.txt")
    folder_of(tmp_path / ".my-pictures", "poster.jpg")
    (tmp_path / ".me-22222222").symlink_to(tmp_path / ".me-11111111")
    clear_older_exports(tmp_path, bundle)
    assert names(tmp_path) == {".me-00000000", ".me-11111111", ".me-22222222", ".my-pictures"}

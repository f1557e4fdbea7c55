import json
import os
import shutil
from pathlib import Path

import pytest

from engines.system import whole_folder as module
from engines.system.lock import LockError
from engines.system.whole_folder import MARKER, FolderError, clear, unfinished, whole_folder
from tests.killed import kill_at_every_step

KIND = "data set"


def nothing(folder: Path) -> set[str]:
    return set()


def make(place: Path, text: str, kind: str = KIND) -> Path:
    with whole_folder(place, kind, nothing) as folder:
        (folder / "full").mkdir()
        (folder / "full" / "frames.npy").write_text(text)
        (folder / "atlas.npz").write_text(text)
    return place


def files(folder: Path) -> dict[str, str]:
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_text() for name, path in found.items() if path.name != MARKER}


def whole(text: str) -> dict[str, str]:
    return {"full/frames.npy": text, "atlas.npz": text}


def test_what_was_made_is_marked_and_replaced_by_the_next(tmp_path: Path) -> None:
    make(tmp_path / "deep" / "me", "old")
    assert files(make(tmp_path / "deep" / "me", "new")) == whole("new")
    marker = json.loads((tmp_path / "deep" / "me" / MARKER).read_text())
    assert marker["kind"] == KIND and marker["files"] == ["atlas.npz", "full/frames.npy"]
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["me"]


@pytest.mark.parametrize("foreign", ["notes.txt", ".hidden", "full/mine.mp4", "photos/a.jpg", "full/frames.npy.bak"])
def test_a_folder_that_holds_anything_else_is_left_as_it_is(tmp_path: Path, foreign: str) -> None:
    place = make(tmp_path / "me", "old")
    (place / foreign).parent.mkdir(exist_ok=True)
    (place / foreign).write_text("precious")
    before = files(tmp_path)
    with pytest.raises(FolderError, match=f"did not make; got: {foreign.split('/')[0]}"):
        make(place, "new")
    assert files(tmp_path) == before


def test_what_comes_into_it_meanwhile_is_seen(tmp_path: Path) -> None:
    place = make(tmp_path / "me", "old")
    with pytest.raises(FolderError, match=r"got: notes\.txt"), whole_folder(place, KIND, nothing):
        (place / "notes.txt").write_text("precious")
    assert files(tmp_path) == {
        **{f"me/{name}": text for name, text in whole("old").items()},
        "me/notes.txt": "precious",
    }


def test_an_empty_folder_of_somebody_else_s_in_it_is_foreign_too(tmp_path: Path) -> None:
    (make(tmp_path / "me", "old") / "plans").mkdir()
    with pytest.raises(FolderError, match="plans"):
        make(tmp_path / "me", "new")


def test_an_empty_folder_and_what_file_managers_leave_are_in_nobody_s_way(tmp_path: Path) -> None:
    (tmp_path / "me").mkdir()
    make(tmp_path / "me", "old")
    (tmp_path / "me" / ".DS_Store").write_text("")
    assert files(make(tmp_path / "me", "new")) == whole("new")


def test_a_file_a_link_and_another_kind_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    make(tmp_path / "bundle", "old", kind="bundle")
    (tmp_path / "link").symlink_to(make(tmp_path / "real", "old"))
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    for name, got in (("file", "a file"), ("bundle", "a bundle, not a data set"), ("link", "a link")):
        with pytest.raises(FolderError, match=f"got: {got}"):
            make(tmp_path / name, "new")
    with pytest.raises(FolderError, match="got: a link"):
        make(tmp_path / "dangling", "new")
    assert files(tmp_path / "real") == whole("old") and (tmp_path / "link").is_symlink()


def test_a_link_in_it_is_foreign_and_never_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "precious").write_text("precious")
    place = make(tmp_path / "me", "old")
    shutil.rmtree(place / "full")
    (place / "full").symlink_to(tmp_path / "mine")
    with pytest.raises(FolderError, match="got: full"):
        make(place, "new")
    assert files(tmp_path / "mine") == {"precious": "precious"}


def test_a_folder_without_a_marker_is_replaced_if_all_its_files_are_an_older_version_s(tmp_path: Path) -> None:
    place = make(tmp_path / "me", "old")
    (place / MARKER).unlink()
    with pytest.raises(FolderError), whole_folder(place, KIND, nothing):
        pass
    with whole_folder(place, KIND, lambda folder: {"atlas.npz", "full/frames.npy"}) as folder:
        (folder / "x").write_text("new")
    assert files(place) == {"x": "new"}


@pytest.mark.parametrize(
    "marker", ["", "[]", '{"program": "other"}', '{"program": "everybody-dance-live", "files": 3}']
)
def test_a_marker_that_is_not_ours_is_none(tmp_path: Path, marker: str) -> None:
    place = make(tmp_path / "me", "old")
    (place / MARKER).write_text(marker)
    with pytest.raises(FolderError):
        make(place, "new")


def test_a_failure_leaves_the_old_one_and_nothing_beside_it(tmp_path: Path) -> None:
    place = make(tmp_path / "me", "old")
    for error in (OSError(28, "No space left on device"), KeyboardInterrupt()):
        with pytest.raises(type(error)), whole_folder(place, KIND, nothing) as folder:
            (folder / "half").write_text("new")
            raise error
    assert files(place) == whole("old") and [path.name for path in tmp_path.iterdir()] == ["me"]


def test_the_old_one_is_put_back_if_the_last_step_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place, rename = make(tmp_path / "me", "old"), os.rename

    def fail(source: Path, to: Path) -> None:
        if Path(source).name == "new":
            raise OSError(13, "Permission denied")
        rename(source, to)

    monkeypatch.setattr(module.os, "rename", fail)
    with pytest.raises(OSError, match="Permission"):
        make(place, "new")
    assert files(place) == whole("old") and [path.name for path in tmp_path.iterdir()] == ["me"]


def test_what_cannot_be_put_back_is_kept_and_put_back_by_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, rename = make(tmp_path / "me", "old"), os.rename

    def fail(source: Path, to: Path) -> None:
        if Path(to) == place:
            raise OSError(5, "Input/output error")
        rename(source, to)

    with monkeypatch.context() as broken:
        broken.setattr(module.os, "rename", fail)
        with pytest.raises(OSError, match="Input/output"):
            make(place, "new")
    assert not place.exists()
    clear(tmp_path)
    assert files(place) in (whole("old"), whole("new")) and [path.name for path in tmp_path.iterdir()] == ["me"]


def test_of_two_at_once_the_second_is_refused_at_once(tmp_path: Path) -> None:
    with whole_folder(tmp_path / "me", KIND, nothing) as folder:
        with pytest.raises(LockError, match=rf"me; got: process {os.getpid()};"):
            make(tmp_path / "me", "second")
        make(tmp_path / "other", "third")  # another name is in nobody's way, and clears nothing away
        (folder / "x").write_text("first")
    assert files(tmp_path / "me") == {"x": "first"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_step_there_is_an_old_or_a_new_one_and_the_next_start_is_clean(tmp_path: Path) -> None:
    assert kill_at_every_step("tests.engines.system.killed_folder", tmp_path) > 25


def test_only_what_is_provably_ours_is_cleared_away(tmp_path: Path) -> None:
    for name in (".edl-photos.part", ".edl-mine.part"):
        (tmp_path / name).mkdir()
    (tmp_path / ".edl-photos.part" / "a.jpg").write_text("precious")
    (tmp_path / ".edl-mine.part" / "new").mkdir()  # no marker
    (tmp_path / ".edl-link.part").symlink_to(tmp_path / ".edl-photos.part")
    before = sorted(tmp_path.rglob("*"))
    clear(tmp_path)
    assert sorted(tmp_path.rglob("*")) == before


def test_what_a_running_program_holds_is_not_cleared_away(tmp_path: Path) -> None:
    with unfinished(tmp_path) as folder:
        (folder / "half").write_text("x")
        clear(tmp_path)
        assert (folder / "half").exists()
    assert not list(tmp_path.iterdir())

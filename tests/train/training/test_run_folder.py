import os
from pathlib import Path

import pytest

from engines.errors import EngineError
from engines.system.lock import LockError
from engines.system.whole_folder import MARKER, mark
from tests.killed import kill_at_every_step
from train.errors import TrainError
from train.training.run_folder import run_folder
from train.training.tensor_file import read_tensors, write_tensors


def test_a_folder_that_holds_something_else_is_no_run_s(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "config.json").write_text("precious")
    mark(tmp_path / "project", "bundle")
    for _ in range(2):
        with pytest.raises(EngineError), run_folder(project):
            pass
        (project / MARKER).unlink(missing_ok=True)
    assert (project / "config.json").read_text() == "precious" and len(list(project.iterdir())) == 1


def test_a_run_of_an_older_version_goes_on_whatever_was_put_beside_it(tmp_path: Path) -> None:
    write_tensors(tmp_path / "last.pt", {"version": 3})
    (tmp_path / "notes.txt").write_text("mine")
    for _ in range(2):
        with run_folder(tmp_path):
            pass
    assert {path.name for path in tmp_path.iterdir()} == {"last.pt", "notes.txt", MARKER}


def test_of_two_runs_into_one_folder_the_second_is_refused(tmp_path: Path) -> None:
    with run_folder(tmp_path / "run"):
        with pytest.raises(LockError, match=f"got: process {os.getpid()};"), run_folder(tmp_path / "run"):
            pass
    with run_folder(tmp_path / "run"):
        pass


def test_what_a_killed_run_left_unfinished_is_cleared_and_nothing_else(tmp_path: Path) -> None:
    kept = {"last.pt", ".last.pt-note", "sheets.part", ".mine-00000000"}
    for name in (*kept, ".last.pt-0a1b2c3d", ".report.html-ffffffff", "last.pt.part", "config.json.part"):
        (tmp_path / name).write_text("x")
    with run_folder(tmp_path):
        pass
    assert {path.name for path in tmp_path.iterdir()} == {*kept, MARKER}


@pytest.mark.parametrize("left", [[".lock"], [".lock", MARKER]])
def test_a_run_that_was_killed_at_once_can_begin_again(tmp_path: Path, left: list[str]) -> None:
    for name in left:
        (tmp_path / name).touch()
    with run_folder(tmp_path):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [MARKER]


def test_a_run_that_never_began_leaves_no_folder(tmp_path: Path) -> None:
    with pytest.raises(TrainError), run_folder(tmp_path / "run"):
        raise TrainError("no data set")
    assert not list(tmp_path.iterdir())


def test_a_full_disk_leaves_the_old_checkpoint_and_a_link_is_not_written_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").write_text("precious")
    write_tensors(tmp_path / "last.pt", {"step": 1})
    for name in ("last.pt.part", "best.pt"):
        (tmp_path / name).symlink_to(tmp_path / "mine")
    write_tensors(tmp_path / "last.pt", {"step": 2})
    write_tensors(tmp_path / "best.pt", {"step": 2})
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(TrainError, match=r"cannot write .*No space left"):
            write_tensors(tmp_path / "last.pt", {"step": 3})
    assert (tmp_path / "mine").read_text() == "precious" and not (tmp_path / "best.pt").is_symlink()
    assert read_tensors(tmp_path / "last.pt") == read_tensors(tmp_path / "best.pt") == {"step": 2}
    assert {path.name for path in tmp_path.iterdir()} == {"mine", "last.pt", "best.pt", "last.pt.part"}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_step_checkpoint_curve_profile_and_engine_are_an_old_or_a_new_one(tmp_path: Path) -> None:
    assert kill_at_every_step("tests.killed_files", tmp_path) > 20

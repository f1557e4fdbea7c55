import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

if sys.platform != "win32":
    import fcntl

from engines.system.lock import LockError, held
from engines.system.whole_folder import clear, unfinished


def test_a_second_one_is_told_the_process_of_the_first(tmp_path: Path) -> None:
    with held(tmp_path / "x.lock", "me"):
        for _ in range(2):  # the one who was refused has not spoiled what the next one reads
            with pytest.raises(LockError, match=f"working on me; got: process {os.getpid()};"):
                with held(tmp_path / "x.lock", "me"):
                    pass
    assert not list(tmp_path.iterdir())
    with held(tmp_path / "x.lock", "me"):
        pass


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_the_lock_of_a_killed_program_is_in_nobodys_way(tmp_path: Path) -> None:
    held_until = "with lock.held(pathlib.Path(sys.argv[1]), ''): os.kill(os.getpid(), 9)"
    code = f"import os, pathlib, sys\nfrom engines.system import lock\n{held_until}"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "x.lock")], cwd=Path(__file__).parents[3]
    ) as child:
        child.wait()
    assert (tmp_path / "x.lock").read_text() == str(child.pid)
    with held(tmp_path / "x.lock", "me"):
        assert (tmp_path / "x.lock").read_text() == str(os.getpid())


def test_a_lock_is_not_written_by_way_of_a_link(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("precious")
    (tmp_path / "x.lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError), held(tmp_path / "x.lock", "me"):
        pass
    assert (tmp_path / "mine").read_text() == "precious"


@pytest.mark.skipif(sys.platform == "win32", reason="flock")
def test_a_disk_that_knows_no_locks_is_worked_on_but_nothing_there_is_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fcntl, "flock", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOLCK, "No locks available")))
    with held(tmp_path / "x.lock", "me"):
        pass
    with pytest.raises(OSError, match="No locks"), held(tmp_path / "x.lock", "me", surely=True):
        pass
    with unfinished(tmp_path, name="me") as folder:
        clear(tmp_path)
        assert folder.is_dir()

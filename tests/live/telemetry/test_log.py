"""The log: every line with its time, after those of before; a disk that fills up does not stop the show."""

import sys
from pathlib import Path

import pytest

from live.puppet.errors import PuppetError
from live.telemetry.log import RunLog
from live.telemetry.private import Private


def test_lines_are_appended_with_their_time(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    for text in ("one", "two"):
        log = RunLog(path)
        log.write(text)
        log.close()
        log.close()
    first, second = path.read_text().splitlines()
    assert first.endswith("  one") and second.endswith("  two")
    assert first[4] == "-" and first[13] == ":"


def test_a_log_that_cannot_be_opened_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PuppetError, match="give another file to --log"):
        RunLog(tmp_path / "no folder" / "run.log")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a device that is always full")
def test_a_full_disk_is_told_once_and_no_more_is_written() -> None:
    log = RunLog(Path("/dev/full"))
    log.write("x" * 100_000)
    assert "the log /dev/full ends here" in log.problem
    log.write("more")
    log.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_new_log_is_its_owners_alone_and_one_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    there = tmp_path / "there.log"
    there.write_text("")
    there.chmod(0o640)
    for path, mode in ((tmp_path / "new.log", 0o600), (there, 0o640)):
        RunLog(path).close()
        assert path.stat().st_mode & 0o777 == mode


def test_the_secret_in_a_line_is_not_written(tmp_path: Path) -> None:
    log = RunLog(tmp_path / "run.log")
    log.write(Private("the page: http://here/abc/ and abc", secret="abc"))
    log.close()
    assert (tmp_path / "run.log").read_text().endswith("  the page: http://here/…/ and …\n")

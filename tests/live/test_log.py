"""The log: every line with its time, after those of before; a disk that fills up does not stop the show."""

from pathlib import Path

import pytest

from live.log import RunLog
from live.puppet.errors import PuppetError


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

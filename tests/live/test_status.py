"""What the user sees: chatter is kept away, errors never; one line tells how it goes."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from live.clock import FakeClock
from live.libraries import explain
from live.report import Report
from live.status import Status

ROOT = Path(__file__).resolve().parents[2]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def running() -> tuple[Report, FakeClock]:
    clock, report = FakeClock(10.0), Report(9.0)
    report.engine = {"backend": "openvino", "device": "CPU", "precision": "bf16"}
    report.person = "in view"
    for i in range(30):
        report.frame_captured(i, 9 + i / 30)
        report.generated.add(9 + i / 30)
        report.frame_sent(i, 9 + i / 30 + 0.1)
    return report, clock


def test_the_line_names_speed_age_engine_and_who_is_in_view() -> None:
    line = Status(*running()).line()
    assert "29.0 fps" in line
    assert "100 / 100 ms (p50 / p95)" in line
    assert "openvino CPU bf16" in line
    assert line.endswith("in view")


def test_the_line_before_the_first_frame_does_not_fail() -> None:
    assert "0.0 fps" in Status(Report(0.0), FakeClock()).line()


def test_on_a_terminal_a_message_clears_the_line_it_stands_on() -> None:
    report, clock = running()
    err = io.StringIO()
    Status(report, clock, Terminal(), err).say("the camera is back")
    assert err.getvalue() == "\r\x1b[Kthe camera is back\n"
    plain = io.StringIO()
    Status(report, clock, io.StringIO(), plain).say("the camera is back")
    assert plain.getvalue() == "the camera is back\n"


class Broken(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


def test_a_reader_who_goes_away_does_not_end_the_stream() -> None:
    report, clock = running()
    status = Status(report, clock, Broken(), io.StringIO())
    status._print("line")
    assert status._done.is_set()


def test_the_table_has_every_stage() -> None:
    table = running()[0].table()
    for word in ("estimate", "condition", "generate", "send", "capture-to-send", "peak memory", "openvino CPU bf16"):
        assert word in table


def test_native_chatter_is_dropped_and_everything_else_is_shown() -> None:
    code = (
        "import os, sys\nfrom live.quiet import without_chatter\n"
        "with without_chatter():\n"
        "    os.write(2, b'W0000 00:00:1795212694.9 26259 inference_feedback_manager.cc:114] Feedback\\n')\n"
        "    os.write(2, b'INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\\n')\n"
        "    os.write(2, b'E0000 00:00:1795212694.9 26259 graph.cc:1] it broke\\n')\n"
        "    print('ours', file=sys.stderr)\n"
        "    os.write(2, b'no newline at the end')\n"
        "os.write(2, b'\\nafter\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "Feedback" not in done.stderr and "XNNPACK" not in done.stderr
    for kept in ("it broke", "ours", "no newline at the end", "after"):
        assert kept in done.stderr


def test_an_error_inside_still_shows_what_was_held_back() -> None:
    code = (
        "import os\nfrom live.quiet import without_chatter\n"
        "with without_chatter():\n    os.write(2, b'a\\n')\n    1 / 0"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("a\n") and "ZeroDivisionError" in done.stderr


def test_a_missing_system_library_names_the_debian_package() -> None:
    error = ImportError("libGL.so.1: cannot open shared object file: No such file or directory")
    assert explain(error).endswith("sudo apt install libgl1 libglib2.0-0")
    assert "pip install" in explain(ImportError("No module named 'av'"))


@pytest.mark.skipif(os.name == "nt", reason="POSIX file descriptors")
def test_without_a_stderr_nothing_fails() -> None:
    code = "import os\nos.close(2)\nfrom live.quiet import without_chatter\nwith without_chatter():\n    print('ok')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "ok\n"


def test_without_room_for_a_temporary_file_the_work_is_still_done() -> None:
    code = (
        "import tempfile\nfrom live.quiet import without_chatter\n"
        "def full(): raise OSError(28, 'No space left on device')\n"
        "tempfile.TemporaryFile = full\n"
        "with without_chatter():\n    print('ok')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "ok\n"

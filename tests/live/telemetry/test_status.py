"""What the user sees: chatter is kept away, errors never; one line tells how it goes."""

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engines.messages import Info
from live.cli.exit_code import explain
from live.telemetry.log import RunLog
from live.telemetry.loop_state import LoopState, Percentiles
from live.telemetry.panel import Panel
from live.telemetry.report import Report
from live.telemetry.status import Status
from live.telemetry.status_line import status_line

ROOT = Path(__file__).resolve().parents[3]


STATE = LoopState(
    target="fortnite",
    title="Punk",
    canvas=(512, 512),
    consent="",
    framing="full",
    framing_asked="full",
    background="plate",
    picture=None,
    mirror=False,
    engine="auto",
    precision="auto",
    engine_text="openvino CPU bf16",
    smoothing=0.5,
    face=False,
    has_face=False,
    profile=None,
    pending="",
    problem="",
    frozen=False,
    hidden=False,
    recording=None,
    calibrating=False,
    show_me=False,
    person="in view",
    fps=29.04,
    latency_ms=Percentiles(78.4, 103.2),
    stage_ms={"estimate": 40.1},
    budget_ms=120.0,
    drops=0,
    source="webcam",
    sinks=["null"],
    targets=[],
    engines=[],
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Broken(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


def running() -> Report:
    report = Report(9.0)
    report.engine = {"backend": "openvino", "device": "CPU", "precision": "bf16"}
    report.person = "in view"
    for i in range(30):
        report.frame_captured(i, 9 + i / 30)
        report.generated.add(9 + i / 30)
        report.frame_sent(i, 9 + i / 30 + 0.1)
    return report


def watching(state: LoopState, **options: Any) -> tuple[Status, io.StringIO, io.StringIO]:
    """A status without a thread, which ticks when told; what it printed to its output, and said."""
    out, err = io.StringIO(), io.StringIO()
    status = Status(out=out, err=err, **options)
    status._state = lambda: state
    return status, out, err


def test_the_line_names_speed_age_engine_and_who_is_in_view() -> None:
    assert status_line(STATE) == "29.0 fps | 78 / 103 ms late (p50 / p95) | openvino CPU bf16 | in view"


def test_the_line_tells_what_is_unusual() -> None:
    line = status_line(replace(STATE, drops=3, mirror=True, recording="show.mp4", pending="opening knight …"))
    assert line.endswith("3 dropped | mirrored | recording show.mp4 | opening knight …")


def test_the_line_before_the_first_picture_does_not_fail() -> None:
    assert "no picture yet" in status_line(replace(STATE, latency_ms=Percentiles(None, None)))


def test_without_a_terminal_a_line_comes_every_five_seconds() -> None:
    status, out, _ = watching(STATE)
    for now_s in (0.0, 1.0, 4.9, 5.1):
        status.tick(now_s)
    assert out.getvalue() == f"{status_line(STATE)}\n" * 2


def test_quiet_leaves_out_state_report_and_news_but_not_what_goes_wrong() -> None:
    status, out, err = watching(replace(STATE, problem="knight is damaged"), quiet=True)
    status.say(Info("engine: openvino"))
    status.tick(0.0)
    status.tell("the table")
    status.say("camera lost")
    assert out.getvalue() == ""
    assert err.getvalue() == "knight is damaged\ncamera lost\n"


def test_a_problem_is_said_once() -> None:
    state = replace(STATE, problem="knight is damaged")
    status, _, err = watching(state)
    status.tick(0.0)
    status.tick(1.0)
    assert err.getvalue() == "knight is damaged\n"


def test_the_log_gets_everything_also_what_quiet_leaves_out(tmp_path: Path) -> None:
    with contextlib.closing(RunLog(tmp_path / "run.log")) as log:
        status, _, _ = watching(STATE, quiet=True, log=log)
        status.say(Info("engine: openvino"))
        status.tick(0.0)
        status.tell("the table")
    text = (tmp_path / "run.log").read_text()
    for kept in ("engine: openvino", status_line(STATE), "the table"):
        assert kept in text


def test_on_a_terminal_the_panel_shows_the_state_and_what_is_said_stays_above(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    panel = Panel(out, take_stderr=False)
    panel.say("the camera is back")
    panel.show(STATE)
    panel.close()
    for word in ("the camera is back", "Punk (full)", "29.0 fps", "estimate 40"):
        assert word in out.getvalue()


def test_a_reader_who_goes_away_does_not_end_the_stream() -> None:
    status = Status(out=Broken(), err=Broken())
    status.say("the camera is back")
    status.tell("the table")


def test_the_table_has_every_stage() -> None:
    table = running().table()
    for word in ("estimate", "condition", "generate", "send", "capture-to-send", "peak memory", "openvino CPU bf16"):
        assert word in table


def test_native_chatter_is_dropped_and_everything_else_is_shown() -> None:
    code = (
        "import os, sys\nfrom live.estimator.quiet import without_chatter\n"
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
        "import os\nfrom live.estimator.quiet import without_chatter\n"
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
    quiet = "from live.estimator.quiet import without_chatter\nwith without_chatter():\n    print('ok')"
    code = f"import os\nos.close(2)\n{quiet}"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "ok\n"


def test_without_room_for_a_temporary_file_the_work_is_still_done() -> None:
    code = (
        "import tempfile\nfrom live.estimator.quiet import without_chatter\n"
        "def full(): raise OSError(28, 'No space left on device')\n"
        "tempfile.TemporaryFile = full\n"
        "with without_chatter():\n    print('ok')"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.stdout == "ok\n"

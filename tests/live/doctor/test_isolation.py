"""An exam in a process of its own: whatever it does, the doctor gets a line and goes on."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from live.doctor.exam import EXAMS, Exam
from live.doctor.finding import Finding, Mark
from live.doctor.isolation import examine, run_look
from live.puppet.errors import CameraError

GOOD = "return [Finding('ok', 'well', private=('me',))]"
Try = Callable[..., list[Finding]]


@pytest.fixture
def look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Try:
    """`look(CODE)`: what comes of an exam whose `findings()` is that code."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    def run(code: str, *, needed: bool = False, limit_s: float = 20.0) -> list[Finding]:
        text = f"import os, sys, time\nfrom live.doctor.finding import Finding\ndef findings():\n    {code}\n"
        (tmp_path / "odd_exam.py").write_text(text)
        return examine(Exam("odd", "odd_exam", limit_s, needed))

    return run


def test_its_findings_come_through_also_when_a_library_chats(look: Try) -> None:
    assert look(f"print('chat'); os.write(1, b'more'); {GOOD}") == [Finding("ok", "well", private=("me",))]


@pytest.mark.parametrize(("needed", "mark"), [(True, "bad"), (False, "warning")])
def test_one_that_raises_is_a_line(look: Try, needed: bool, mark: Mark) -> None:
    (finding,) = look("raise ValueError('odd')", needed=needed)
    assert (finding.mark, finding.text) == (mark, "the check failed: ValueError: odd")


def test_one_that_crashes_is_a_line(look: Try) -> None:
    (finding,) = look("os.abort()", needed=True)
    assert finding.mark == "bad" and "crash" in finding.text
    if sys.platform != "win32":
        assert "SIGABRT" in finding.text


def test_one_that_ends_the_program_is_a_line(look: Try) -> None:
    (finding,) = look("os._exit(3)")
    assert finding.mark == "warning" and "exit code 3" in finding.text


def test_one_that_hangs_is_ended_and_a_line(look: Try) -> None:
    start_s = time.monotonic()
    (finding,) = look("time.sleep(60)", limit_s=1.0)
    assert finding.mark == "warning" and "no answer in 1 s" in finding.text
    assert time.monotonic() - start_s < 10


def test_a_thread_that_never_ends_does_not_hold_it_up(look: Try) -> None:
    hanging = "import threading; threading.Thread(target=time.sleep, args=(60,)).start()"
    assert look(f"{hanging}; {GOOD}", limit_s=15.0)[0].mark == "ok"


def test_where_no_process_can_be_started_it_is_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    assert examine(Exam("odd", "odd_exam", 1.0))[0].text.startswith("could not be checked")


def test_an_import_that_fails_says_what_to_install() -> None:
    def missing_library() -> list[Finding]:
        raise ImportError("libGL.so.1: cannot open shared object file")

    assert run_look(missing_library, "bad") == [
        Finding("bad", "the system library libGL.so.1 is missing", "sudo apt install libgl1 libglib2.0-0")
    ]


def test_an_error_of_ours_keeps_what_to_do() -> None:
    def refused() -> list[Finding]:
        raise CameraError("it is gone", got="nothing", do="plug it in")

    assert run_look(refused, "warning") == [Finding("warning", "it is gone; got: nothing", "plug it in")]


def test_every_exam_has_its_module() -> None:
    import importlib

    assert all(callable(importlib.import_module(exam.module).findings) for exam in EXAMS)

"""The doctor's command line: a line for each finding, JSON without names, the exit code."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

import run_live
from live.doctor import __main__ as doctor
from live.doctor.__main__ import main
from live.doctor.exam import CAMERA, EXAMS, VIRTUAL_CAMERA, Exam
from live.doctor.finding import Finding
from live.doctor.privacy import Privacy

ROOT = Path(__file__).resolve().parents[3]


def examined(found: Mapping[str, Finding], *flags: str) -> tuple[int, str]:
    """Exit code and output, where exams find this, by name, and the others that all is well."""
    out = io.StringIO()
    code = main(flags, examine=lambda exam: [found.get(exam.name, Finding("ok", "well"))], out=out)
    return code, out.getvalue()


def test_each_exam_is_a_line_in_order_and_the_last_one_sums_up() -> None:
    code, text = examined({})
    lines = text.splitlines()
    assert code == 0
    assert [line[5:20].strip() for line in lines[: len(EXAMS)]] == [exam.name for exam in EXAMS]
    assert all(line.startswith(" ok ") for line in lines[: len(EXAMS)])
    assert lines[-1] == "All is well."


@pytest.mark.parametrize(
    ("finding", "code", "line", "last"),
    [
        (
            Finding("warning", "dark", "a lamp"),
            0,
            "  !  camera          dark; do this: a lamp",
            "1 thing could be better",
        ),
        (Finding("bad", "gone", "a new one"), 1, "BAD  camera          gone; do this: a new one", "does not run"),
        (Finding("absent", "none"), 0, "  -  camera          none", "All is well"),
    ],
)
def test_only_what_is_bad_fails(finding: Finding, code: int, line: str, last: str) -> None:
    found, text = examined({"camera": finding})
    assert found == code
    assert line in text.splitlines() and last in text.splitlines()[-1]


def test_json_holds_every_finding() -> None:
    code, text = examined({"camera": Finding("bad", "gone", "a new one")}, "--json")
    report = json.loads(text)
    assert (code, report["format"], report["bad"]) == (1, 1, 1)
    assert [row["exam"] for row in report["findings"]] == [exam.name for exam in EXAMS]
    assert {"exam": "camera", "mark": "bad", "text": "gone", "do": "a new one"} in report["findings"]


def test_what_would_disturb_can_be_left_out() -> None:
    asked: list[Exam] = []

    def examine(exam: Exam) -> list[Finding]:
        asked.append(exam)
        return []

    out = io.StringIO()
    main(["--no-camera", "--no-virtual-camera"], examine=examine, out=out)
    assert {CAMERA, VIRTUAL_CAMERA}.isdisjoint(asked) and len(asked) == len(EXAMS) - 2
    assert "not checked (--no-virtual-camera)" in out.getvalue()


ANNA = Privacy("/home/anna", ("anna", "annas-laptop"))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("in /home/anna/.cache/x", "in ~/.cache/x"),
        ("/home/annabel/x", "/home/annabel/x"),
        ("/media/anna/stick", "/media/(name)/stick"),
        ('0 "Anna\'s iPhone" on ANNAS-LAPTOP', '0 "(name)\'s iPhone" on (name)'),
        ("a banana", "a banana"),
    ],
)
def test_neither_user_nor_computer_is_named(text: str, shown: str) -> None:
    assert ANNA.cleared(Finding("ok", text, text)) == Finding("ok", shown, shown)


def test_what_the_user_named_is_in_no_bug_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "of_this_user", lambda: ANNA)
    secret = Finding("ok", "intact, your own: my_ex in /home/anna", private=("my_ex",))
    assert "my_ex in ~" in examined({"targets": secret})[1]
    assert "your own: (name) in ~" in examined({"targets": secret}, "--json")[1]


def test_without_a_stdout_the_exit_code_is_told_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main([], examine=lambda exam: [Finding("bad", "gone")]) == 1


def test_run_live_has_it_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(doctor, "main", lambda argv: asked.append(argv) or 7)
    assert run_live.main(["--doctor"]) == 7
    assert asked == [[]]


STUB = """
import sys
from engines.system import process
from live.doctor import __main__ as doctor
from live.doctor.exam import Exam
from live.doctor.isolation import examine
def hang(exam):
    sys.stderr.write("begun\\n")  # at once: two say it side by side
    return examine(Exam("odd", "odd_exam", 60.0))
process.run(lambda: doctor.main([], examine=hang))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C as POSIX has it")
def test_ctrl_c_ends_it_at_once_also_while_an_exam_hangs(tmp_path: Path) -> None:
    hanging = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(60)\n"
    (tmp_path / "odd_exam.py").write_text(hanging)
    with subprocess.Popen(
        [sys.executable, "-c", STUB],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stderr is not None and run.stderr.readline() == "begun\n"
        start_s = time.monotonic()
        os.killpg(run.pid, signal.SIGINT)
        said = run.stderr.read()
        took_s, code = time.monotonic() - start_s, run.wait(timeout=60)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
    assert said.endswith("stopped\n") and "Traceback" not in said
    assert code == 130 and took_s < 5

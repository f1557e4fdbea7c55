"""Runs an exam in its own process: a hang is ended, a crash or an exception becomes the exam's line.

`python -m live.doctor.isolation MODULE MARK` is that process. It writes its findings to stdout as JSON, and nothing
else gets there: chatty libraries write to stderr, which nobody reads.
"""

import contextlib
import importlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from engines.errors import UserError, reason
from engines.system.child import child_environment
from live.cli.exit_code import remedy_for
from live.doctor.exam import Exam
from live.doctor.finding import MARKS, Finding, Mark

_GRACE_S = 1.0  # a process stuck in a driver cannot even be killed, so it is left behind
_OUT, _ERR = 1, 2


def examine(exam: Exam) -> list[Finding]:
    """What the exam found, or one line about how it failed. Raises nothing."""
    mark: Mark = "bad" if exam.needed else "warning"
    try:
        child = subprocess.Popen(
            [sys.executable, "-m", "live.doctor.isolation", exam.module, mark],
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        return [Finding(mark, f"could not be checked: {reason(error)}")]
    try:
        told = child.communicate(timeout=exam.limit_s)[0]
    except subprocess.TimeoutExpired:
        return [Finding(mark, f"gave no answer in {exam.limit_s:.0f} s", "try again, or restart the computer")]
    finally:
        _end(child)
    return _read(told) or [Finding(mark, f"the check ended {_ending(child.returncode)}", "pip install -e .")]


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.kill()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(_GRACE_S)
    if child.stdout is not None:
        child.stdout.close()


def _ending(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}, without an answer"
    with contextlib.suppress(ValueError):
        return f"in a crash of a library ({signal.Signals(-code).name})"
    return f"in a crash of a library (signal {-code})"


def _read(told: bytes) -> list[Finding]:
    """The findings in `told`; none if the process ended before writing them."""
    try:
        values = json.loads(told)
    except ValueError:
        return []
    return [Finding(v["mark"], v["text"], v["do"], tuple(v["private"])) for v in values]


def run_look(look: Callable[[], list[Finding]], mark: Mark) -> list[Finding]:
    """What `look` found, or its exception, of whatever kind, as a finding with this mark."""
    try:
        return look()
    except ImportError as error:
        what, do = remedy_for(error)
        return [Finding(mark, what, do)]
    except UserError as error:
        return [of_error(error, mark)]
    except Exception as error:
        return [Finding(mark, f"the check failed: {type(error).__name__}: {reason(error)}")]


def of_error(error: UserError, mark: Mark) -> Finding:
    """A `UserError` as a finding."""
    parts = (error.what, error.got and f"got: {error.got}", error.wanted and f"wanted: {error.wanted}")
    return Finding(mark, "; ".join(filter(None, parts)), error.do)


def main(argv: Sequence[str]) -> None:
    """Be the process of an exam: `argv` is its module and the mark for a failure. Does not return."""
    module, mark = argv[0], next(mark for mark in MARKS if mark == argv[1])
    answer = os.dup(_OUT)
    os.dup2(_ERR, _OUT)

    def look() -> list[Finding]:
        found: list[Finding] = importlib.import_module(module).findings()
        return found

    values: list[dict[str, Any]] = [asdict(finding) for finding in run_look(look, mark)]
    with open(answer, "wb") as file:
        file.write(json.dumps(values).encode())
    os._exit(0)  # at once, because a library's own threads may end late or never


if __name__ == "__main__":
    main(sys.argv[1:])

"""A process of ours ends soon after its last line, with the code it has, whatever hangs, is missing or is pressed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_RUN = "import atexit, hashlib, os, signal, sys, threading, time\nfrom engines.system import process\n"
_COMPUTE = "hashlib.pbkdf2_hmac('sha256', b'', b'', 300_000_000)"  # minutes in a library, without the interpreter
POSIX = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")


def started(main: str, *, before: str = "pass", **streams: object) -> "subprocess.Popen[str]":
    """A process whose `main()` has the line `before`, prints "here", and has the lines `main` after that."""
    lines = "".join(f"    {line}\n" for line in main.splitlines())
    code = f"{_RUN}def main():\n    {before}\n    print('here', flush=True)\n{lines}process.run(main)\n"
    given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams}
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, text=True, **given)  # type: ignore[call-overload,no-any-return]


def ended(child: "subprocess.Popen[str]", *signals: int, within_s: float) -> tuple[int, str]:
    """Exit code and stderr of a child that gets `signals` 0.8 s apart once it is "here"."""
    try:
        assert child.stdout is not None and child.stdout.readline() == "here\n"
        start = time.monotonic()
        for number in signals:
            child.send_signal(number)
            time.sleep(0.8 if len(signals) > 1 else 0)
        _, told = child.communicate(timeout=20)
        assert time.monotonic() - start < within_s + 1.5, "the machine may be busy, but not this busy"
        return child.returncode, told
    finally:
        child.kill()
        child.communicate()


@pytest.mark.parametrize(
    "hangs",
    [
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
        "threading.Thread(target=time.sleep, args=(60,)).start()",
        f"threading.Thread(target=lambda: {_COMPUTE}, daemon=True).start()",
        "atexit.register(time.sleep, 60)",
    ],
)
def test_what_hangs_does_not_keep_a_command_from_ending_with_its_code(hangs: str) -> None:
    assert ended(started(f"{hangs}\nreturn 7"), within_s=2.5)[0] == 7


def test_a_thread_that_hangs_does_not_keep_the_terminal_from_being_put_back(tmp_path: Path) -> None:
    done = tmp_path / "put back"
    main = (
        f"threading.Thread(target=time.sleep, args=(60,)).start()\natexit.register(open, {str(done)!r}, 'w')\nreturn 0"
    )
    assert ended(started(main), within_s=2.5)[0] == 0 and done.exists()


@POSIX
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_stops_with_one_line(name: str) -> None:
    assert ended(started("time.sleep(60)"), getattr(signal, name), within_s=0.5) == (130, "stopped\n")


@POSIX
@pytest.mark.parametrize(
    "busy", [_COMPUTE, f"for _ in range(9):\n    try:\n        {_COMPUTE}\n    except KeyboardInterrupt: pass"]
)
def test_a_signal_stops_what_does_not_listen(busy: str) -> None:
    assert ended(started(busy), signal.SIGINT, within_s=2.5) == (130, "stopped\n")


@POSIX
def test_a_second_signal_ends_at_once_what_goes_on_after_the_first() -> None:
    saving = "process.handle(lambda *_: print('saving', file=sys.stderr))"
    child = started("for _ in range(60): time.sleep(1)", before=saving)
    code, told = ended(child, signal.SIGTERM, signal.SIGTERM, within_s=2.5)
    assert code == 130 and told.startswith("saving\n") and told.endswith("stopped\n")


@POSIX
def test_a_signal_in_the_middle_of_an_import_is_not_taken_for_a_broken_library(tmp_path: Path) -> None:
    (tmp_path / "library.py").write_text(
        "import time\ntry:\n    print('here', flush=True)\n    time.sleep(0.7)\n"
        "except KeyboardInterrupt as error:\n    raise ImportError('multiarray failed to import') from error\n"
    )
    child = started("time.sleep(60)", before=f"sys.path.insert(0, {str(tmp_path)!r}); import library")
    assert ended(child, signal.SIGINT, within_s=1.2) == (130, "stopped\n")


@POSIX
def test_the_end_does_not_wait_for_the_interpreter_to_be_taken_down() -> None:
    slow = "globals()['kept'] = type('Library', (), {'__del__': lambda self: time.sleep(9)})()"
    assert ended(started("return 7", before=slow), within_s=0.5) == (7, "")


@POSIX
def test_nohup_is_respected() -> None:
    ignoring = "import signal\nsignal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    code = f"{ignoring}{_RUN}process.run(lambda: os.kill(os.getpid(), signal.SIGHUP) or time.sleep(0.1) or 3)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=20).returncode == 3


@pytest.mark.parametrize(
    ("main", "code", "told"),
    [
        ("return 3", 3, ""),
        ("sys.exit(2)", 2, ""),
        ("sys.exit('wrong')", 1, "wrong\n"),
        ("sys.exit()", 0, ""),
        ("raise ValueError('a bug')", 1, "ValueError: a bug\n"),
    ],
)
def test_the_exit_code_is_mains(main: str, code: int, told: str) -> None:
    found, said = ended(started(main), within_s=0.5)
    assert found == code and said.endswith(told) and bool(said) == bool(told)


_SPEAK = """
import sys
for _ in range(3):
    print('x' * 70_000, flush=True)
    print('\\udcff ä', file=sys.stderr)
os.system('echo a library complains >&2')
with open(sys.argv[1], 'wb') as file: file.write(b'whole')
return 4
"""


@POSIX
@pytest.mark.parametrize(
    "streams", ["", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", "2>&1 >/dev/full", "2>&1 | head -c 1"]
)
def test_streams_that_are_closed_full_or_left_change_neither_the_code_nor_a_file(streams: str, tmp_path: Path) -> None:
    if "/dev/full" in streams and not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    body = "".join(f"    {line}\n" for line in _SPEAK.strip().splitlines())
    (tmp_path / "speak.py").write_text(f"{_RUN}def main():\n{body}process.run(main)\n")
    made, code = tmp_path / "made", tmp_path / "code"
    shell = f"{{ {sys.executable} speak.py {made} || echo $? >{code}; }} {streams}"
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(["sh", "-c", shell], cwd=tmp_path, env=environment, capture_output=True, timeout=20)
    assert made.read_bytes() == b"whole" and code.read_text() == "4\n", done.stderr
    assert b"Traceback" not in done.stderr and b"Exception ignored" not in done.stderr

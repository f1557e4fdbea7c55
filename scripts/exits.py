"""Checks that every command ends soon after its last line: python scripts/exits.py [PYTHON ...] (default: this one).

Commands end by themselves, by an error, and by Ctrl-C or SIGTERM at several moments; the demo runs $DEMOS times (10).
The exit code is 1 if something hung, crashed, showed a traceback, or took more than two seconds to end.
"""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST_S, END_S, SLACK_S = 300.0, 2.0, 1.0
# When a signal comes. Until the interpreter reaches our first line, it handles the signal in its own way.
STARTED_S = (0.4, 0.8, 1.5, 3.0)
BEFORE_US_S = 0.5
DEMO = "run_live.py --target fortnite --source demo --sink null --duration 3 --calibration none"
BY_THEMSELVES = {
    "demo": (DEMO, 0),
    "show, unpaced": ("run_live.py --source demo --target fortnite --no-realtime --frames 20 --sink {tmp}/a.mp4", 0),
    "show help": ("run_live.py --help", 0),
    "targets": ("run_live.py --list-targets", 0),
    "engines list": ("-m engines list", 0),
    "calib list": ("-m calib --list", 0),
    "train help": ("-m train --help", 0),
    "live bench": ("-m live.bench --steps 5", 0),
    "show, error": ("run_live.py --target nobody --source demo --sink null", 1),
    "engines, error": ("-m engines verify --target nobody", 1),
    "calib, error": ("-m calib --source {tmp}/none.mp4", 1),
    "train, error": ("-m train prepare {tmp}/none.mp4 --name x --work {tmp}/work", 1),
    "show, usage": ("run_live.py --fps many", 2),
}
STOPPED = {
    "show": (DEMO.replace("--duration 3", "--loop"), (0, 130)),
    "engines bench": ("-m engines bench --target fortnite --frames 5000 --sizes 256", (130,)),
    "engines build": ("-m engines build --target human", (130,)),
    "calib": ("-m calib --source demo", (130, 1)),
}


def timed(command: list[str], folder: Path, number: int = 0, after_s: float = 0.0) -> tuple[int, float, str]:
    """(exit code, seconds from the last line or the signal to the end, output)."""
    environment = os.environ | {"EDL_CACHE": str(folder / "cache"), "PYTHONUNBUFFERED": "1"}
    child = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said, last = bytearray(), [time.monotonic()]

    def read() -> None:
        assert child.stdout is not None
        while data := os.read(child.stdout.fileno(), 65536):
            said.extend(data)
            last[0] = time.monotonic()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    try:
        if number:
            time.sleep(after_s)
            last[0] = time.monotonic()
            child.send_signal(number)
        code = child.wait(LONGEST_S)
        took_s = time.monotonic() - last[0]
    except subprocess.TimeoutExpired:
        code, took_s = 999, LONGEST_S
    finally:
        child.kill()
        child.wait()
    reader.join(1)
    return code, took_s, said.decode(errors="replace")


def judged(name: str, wanted: tuple[int, ...], done: tuple[int, float, str]) -> bool:
    """Print one line; returns whether all is well."""
    code, took_s, said = done
    well = code in wanted and took_s < END_S + SLACK_S and "Traceback" not in said and "Fatal" not in said
    print(f"  {'ok ' if well else 'BAD'} {name:<34} exit {code:>4}  {took_s:5.2f} s", flush=True)
    if not well:
        print("    " + "\n    ".join(said.splitlines()[-12:]), flush=True)
    return well


def matrix(python: str, folder: Path, demos: int) -> bool:
    """Run every command once, the demo `demos` times; returns whether all ended well."""
    print(python, flush=True)
    counted: Counter[bool] = Counter()
    has_torch = subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0
    for name, (line, code) in BY_THEMSELVES.items():
        if name == "train, error" and not has_torch:
            continue
        command = [python, *(part.format(tmp=folder) for part in line.split())]
        for _ in range(demos if name == "demo" else 1):
            counted[judged(name, (code,), timed(command, folder))] += 1
    for name, (line, codes) in STOPPED.items():
        for number in (signal.SIGINT, signal.SIGTERM):
            for after_s in STARTED_S:
                done = timed([python, *line.split()], folder, number, after_s)
                too_early = (-signal.SIGTERM,) if after_s < BEFORE_US_S else ()
                counted[judged(f"{name}, {number.name} at {after_s} s", (*codes, *too_early), done)] += 1
    print(f"  {counted[True]} ended well, {counted[False]} did not", flush=True)
    return counted[False] == 0


def main() -> int:
    """Run everything; 0 if all ended well on all interpreters."""
    demos = int(os.environ.get("DEMOS", "10"))
    with tempfile.TemporaryDirectory() as folder:
        return 0 if all([matrix(python, Path(folder), demos) for python in sys.argv[1:] or [sys.executable]]) else 1


if __name__ == "__main__":
    sys.exit(main())

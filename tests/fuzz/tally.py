"""The table of a long run: how the mutations of each loader ended."""

import json
import os
import select
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from live.kernel_cache import BOUNDS_CHECK, VARIABLE
from tests.fuzz.loader import Loader
from tests.fuzz.trial import ACCEPTED, REFUSED, TRACEBACK, WRONG, change

HANG, CRASH, LARGE = "hang", "crash", "over 500 MB"
# Compiling comes before the first; making a bomb takes seconds too.
START_S, PATIENCE_S, MOST_MB = 900.0, 60.0, 500
COLUMNS = (REFUSED, ACCEPTED, TRACEBACK, HANG, WRONG, CRASH, LARGE)
FAULTS = COLUMNS[2:]


@dataclass(slots=True)
class Tally:
    """How the mutations of one loader ended; `peak_mb`: the most memory that one took beyond what was there."""

    loader: str
    ends: Counter[str] = field(default_factory=Counter)
    peak_mb: float = 0.0

    @property
    def mutations(self) -> int:
        """How many were tried."""
        return sum(self.ends[kind] for kind in COLUMNS if kind != LARGE)

    @property
    def faults(self) -> int:
        """How many ended as none may."""
        return sum(self.ends[kind] for kind in FAULTS)

    def row(self) -> str:
        """Its row of the table."""
        numbers = " | ".join(str(self.ends[kind]) for kind in COLUMNS)
        return f"| {self.loader} | {self.mutations} | {numbers} | {self.peak_mb:.0f} |"


def head() -> str:
    """The first two lines of the table."""
    names = ["loader", "mutations", *COLUMNS, "peak MB"]
    return f"| {' | '.join(names)} |\n|{' --- |' * len(names)}"


class Bench:
    """Tries the mutations of one loader in a child process, and starts a new one after each that hung or crashed.

    Input that ended in a fault is saved under `out`/LOADER/NUMBER, with the output.
    """

    def __init__(self, loader: Loader, out: Path, work: Path, seed: int) -> None:
        self._loader, self._out, self._work, self._seed = loader, out, work, seed
        self.tally = Tally(loader.name)
        self._heard = b""  # from the child, and not yet a whole line

    def run(self, first: int, stop: int, until_s: float) -> None:
        """Try the mutations `first` to `stop`, or those begun by `until_s` (a monotonic time; starts do not count)."""
        at = first
        while at < stop and time.monotonic() < until_s:
            begun_s = time.monotonic()
            child = self._start(at, stop)
            until_s += time.monotonic() - begun_s
            while at < stop and time.monotonic() < until_s and self._one(child, at):
                at += 1
            child.kill()
            child.communicate()
            at += at < stop and time.monotonic() < until_s  # the one that hung or crashed

    def _start(self, first: int, stop: int) -> subprocess.Popen[bytes]:
        """A child that has loaded the good input once: what it compiles is compiled."""
        words = [self._loader.name, str(self._seed), str(first), str(stop), str(self._work)]
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.fuzz.child", *words],
            stdout=subprocess.PIPE,
            env={name: value for name, value in os.environ.items() if name != VARIABLE}
            | {BOUNDS_CHECK: "1", "OMP_NUM_THREADS": "1"},  # within its memory no more threads can be made
        )
        self._heard = b""
        ready = self._line(child, START_S)
        if ready is None or not ready["ready"]:
            raise SystemExit(f"{self._loader.name} does not take its own good input: {ready}")
        return child

    def _one(self, child: subprocess.Popen[bytes], at: int) -> bool:
        """Note how mutation `at` ended; False where the child is of no more use."""
        found = self._line(child, PATIENCE_S)
        if found is None:
            self._fault(at, *self._end_of(child))
            return False
        self.tally.ends[found["kind"]] += 1
        self.tally.peak_mb = max(self.tally.peak_mb, found["peak_mb"])
        if found["kind"] in FAULTS:
            self._keep(at, found["said"])
        if found["peak_mb"] > MOST_MB:
            self._fault(at, LARGE, f"{found['peak_mb']:.0f} MB")
        return True

    def _end_of(self, child: subprocess.Popen[bytes]) -> tuple[str, str]:
        """Whether the child still works at it, or is gone."""
        try:
            return CRASH, f"exit code {child.wait(1.0)}"
        except subprocess.TimeoutExpired:
            return HANG, f"nothing for {PATIENCE_S:.0f} s"

    def _line(self, child: subprocess.Popen[bytes], patience_s: float) -> dict[str, Any] | None:
        """What the child says next; None when it says nothing for so long, or no more."""
        assert child.stdout is not None
        while b"\n" not in self._heard:
            ready, _, _ = select.select([child.stdout], [], [], patience_s)
            more = os.read(child.stdout.fileno(), 1 << 16) if ready else b""
            if not more:
                return None
            self._heard += more
        line, _, self._heard = self._heard.partition(b"\n")
        found: dict[str, Any] = json.loads(line)
        return found

    def _fault(self, at: int, kind: str, said: str) -> None:
        self.tally.ends[kind] += 1
        self._keep(at, f"{kind}: {said}")

    def _keep(self, at: int, said: str) -> None:
        folder = self._out / self._loader.name / str(at)
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        change(self._loader, self._work / "good", folder, f"{self._loader.name} {self._seed} {at}")
        (folder / "said.txt").write_text(said, errors="replace")

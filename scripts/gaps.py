"""Measures how long the output stands still during switches: python scripts/gaps.py [SWITCHES] (50). Linux only.

Plays the demo in real time, with another target, engine or background every three seconds. A separate process beats at
the same rate and does nothing else: when its beats are late, the machine is to blame. A gap is two pictures that are
more than two frames further apart than they should be. Exit code 1 if the machine does not explain one.
"""

import gc
import itertools
import subprocess
import sys
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from live.clock import SystemClock  # noqa: E402
from live.config import LiveConfig  # noqa: E402
from live.puppet.values import PuppetFrame  # noqa: E402
from live.session.assembly import open_parts  # noqa: E402
from live.session.loop import Loop  # noqa: E402
from live.telemetry.report import Report  # noqa: E402

PERIOD_S, EVERY_S, PATIENCE_S = 1 / 30, 3.0, 60.0
MOST_S = 2 * PERIOD_S  # beyond the period
SWITCHES = (
    ("target", "human"),
    ("background", "green"),
    ("engine", "onnxruntime"),
    ("target", "knight"),
    ("background", "plate"),
    ("engine", "auto"),
    ("target", "fortnite"),
)


class Times:
    """A sink that notes when each picture arrived."""

    name = "times"

    def __init__(self) -> None:
        self.sent_s: list[float] = []

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Nothing to get ready."""

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        """Note the time."""
        self.sent_s.append(time.monotonic())
        return True

    def close(self, *, complete: bool) -> None:
        """Nothing to free."""


def beat() -> None:
    """The separate process: once its stdin ends, it prints the times of all beats."""
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    times = [time.monotonic()]
    while not ended.is_set():
        time.sleep(max(0.0, times[-1] + PERIOD_S - time.monotonic()))
        times.append(time.monotonic())
    print(*times)


def late(times: Sequence[float]) -> list[tuple[float, float, float]]:
    """Start, end and excess in seconds of each step that took longer than a period."""
    return [(a, b, b - a - PERIOD_S) for a, b in itertools.pairwise(times) if b - a > PERIOD_S]


def machine_s(beats: Sequence[float], start_s: float, end_s: float) -> float:
    """How late the machine's own beats were between two times, in total."""
    around = beats[max(0, bisect_left(beats, start_s) - 1) : bisect_right(beats, end_s) + 1]
    return sum(excess for _, _, excess in late(around))


def main(switches: int) -> int:
    """Run it; 0 if the machine explains every gap."""
    clock, stop, report, times = SystemClock(), threading.Event(), Report(time.perf_counter()), Times()
    config = LiveConfig("fortnite", "demo", ("null",), loop=True, upgrade=False)
    parts = open_parts(config, clock, stop, report, lambda told: None)
    parts.sinks.add(times)
    parts.director.start()
    settled: list[float] = []
    asked: list[tuple[float, str]] = []

    def exchange() -> None:
        stop.wait(EVERY_S)
        for name, value in itertools.islice(itertools.cycle(SWITCHES), switches):
            begun_s = time.monotonic()
            asked.append((begun_s, f"{name} {value}"))
            parts.director.change(name, value)
            if parts.director.settled(PATIENCE_S):
                settled.append(time.monotonic() - begun_s)
            stop.wait(EVERY_S)
        stop.set()

    beside = subprocess.Popen(
        [sys.executable, __file__, "--beat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    threading.Thread(target=exchange, daemon=True).start()
    gc.freeze()  # as a real run does
    try:
        Loop(parts, config, clock, stop, report, lambda told: None).run()
    finally:
        stop.set()
        parts.close()
        beats = [float(word) for word in beside.communicate()[0].split()]
    gaps = [(a, excess, machine_s(beats, a, b)) for a, b, excess in late(times.sent_s) if excess > MOST_S]
    ours = [(excess - machine, a) for a, excess, machine in gaps if excess - machine > MOST_S]
    print(f"{len(settled)} of {switches} switches, each seen after at most {max(settled, default=0):.1f} s")
    print(f"{len(times.sent_s)} pictures in {times.sent_s[-1] - times.sent_s[0]:.0f} s")
    print(f"the machine's own beats: at most {max((e for *_, e in late(beats)), default=0) * 1e3:.0f} ms late")
    print(f"{len(gaps)} gaps, at most {max((excess for _, excess, _ in gaps), default=0) * 1e3:.0f} ms too long")
    print(f"{len(ours)} of them not explained by the machine")
    for excess, at_s in ours:
        before = [(at_s - asked_s, what) for asked_s, what in asked if asked_s < at_s] or [(0.0, "the start")]
        print(f"  {excess * 1e3:.0f} ms, {before[-1][0]:.1f} s after {before[-1][1]}")
    return 1 if ours or len(settled) < switches else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--beat"]:
        beat()
    else:
        sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 50))

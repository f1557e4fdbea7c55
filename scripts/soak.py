"""Runs the live puppet for a long time, with switches, recordings and visiting pages, and watches what it uses.

    scripts/soak --minutes 30 --sink null        # or --sink FILE.mp4, --sink window, --sink virtual-camera

Writes soak.csv, soak.png and the output (soak.txt) into --out, and exits with 1 if memory, threads or open files have
grown, the rate has fallen, an output was lost or a recording is not whole. Linux only.
"""

import argparse
import csv
import gc
import itertools
import os
import statistics
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from live.clock import SystemClock
from live.config import LiveConfig
from live.control.director import Director
from live.room.room import Room
from live.session.assembly import open_parts
from live.session.loop import Loop, Parts
from live.telemetry.report import Report

_SAMPLE_S, _SWITCH_S, _VISIT_S = 2.0, 6.0, 10.0
_SHORT_S = 300.0  # a shorter run shows nothing
_SWITCHES = (
    ("target", "human"),
    ("background", "green"),
    ("engine", "onnxruntime"),
    ("mirror", True),
    ("target", "knight"),
    ("background", "plate"),
    ("engine", "auto"),
    ("mirror", False),
    ("target", "fortnite"),
)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the process used at one time: seconds since the start, MB, counts, pictures a second, ms."""

    at_s: float
    rss_mb: float
    threads: int
    handles: int
    fps: float
    p95_ms: float


def main() -> int:
    arguments = _arguments()
    arguments.out.mkdir(parents=True, exist_ok=True)
    said = (arguments.out / "soak.txt").open("w", encoding="utf-8")

    def say(text: str) -> None:
        print(text, file=said, flush=True)

    clock, stop, report = SystemClock(), threading.Event(), Report(time.perf_counter())
    sinks = tuple(arguments.sink or ["null"])
    config = LiveConfig("fortnite", arguments.source, sinks, loop=True, upgrade=False)
    parts = open_parts(config, clock, stop, report, say)
    room = Room(parts.director, port=0, say=say)
    room.start()
    parts.sinks.add(room.sink)
    parts.director.start()
    soak = Soak(parts, room, report, stop, arguments.out, say)
    timer = threading.Timer(60 * arguments.minutes, stop.set)
    timer.start()
    soak.start(pages=arguments.pages)
    gc.freeze()  # as a real run does
    try:
        Loop(parts, config, clock, stop, report, say).run()
    finally:
        timer.cancel()
        stop.set()
        soak.join()
        room.close()
        parts.close()
    _write(arguments.out, soak.samples)
    problems = [
        *growth(soak.samples),
        *soak.problems,
        *(f"an output was lost: {error}" for error in parts.sinks.failed),
    ]
    print(report.table())
    print(f"{soak.switches} switches, {soak.recordings} recordings, {soak.visits} visits of a page")
    print("\n".join(f"FAILED: {problem}" for problem in problems) or "nothing has grown")
    return 1 if problems else 0


class Soak:
    """What happens during the run: sampling, switches, recordings and page visits, each in its own thread."""

    def __init__(
        self, parts: Parts, room: Room, report: Report, stop: threading.Event, out: Path, say: Callable[[str], None]
    ) -> None:
        self._director, self._room, self._report = parts.director, room, report
        self._stop, self._out, self._say = stop, out, say
        self._threads: list[threading.Thread] = []
        self.samples: list[Sample] = []
        self.problems: list[str] = []
        self.switches = self.recordings = self.visits = 0

    def start(self, *, pages: int) -> None:
        """Start the threads, `pages` of them for visits."""
        for work in (self._sample, self._switch, self._record, *([self._visit] * pages)):
            self._threads.append(threading.Thread(target=self._guarded, args=(work,), name=work.__name__, daemon=True))
            self._threads[-1].start()

    def join(self) -> None:
        """Wait for the threads to end."""
        for thread in self._threads:
            thread.join(30)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.problems.append(f"{work.__name__}: {type(error).__name__}: {error}")

    def _sample(self) -> None:
        start_s = time.monotonic()
        while not self._stop.wait(_SAMPLE_S):
            self.samples.append(sample(time.monotonic() - start_s, self._director))

    def _switch(self) -> None:
        for name, value in itertools.cycle(_SWITCHES):
            if self._stop.wait(_SWITCH_S):
                return
            self._director.change(name, value)
            if not self._director.settled(60):
                self.problems.append(f"{name} {value} did not take effect within a minute")
            if problem := self._director.state().problem:
                self.problems.append(f"{name} {value}: {problem}")
            self.switches += 1

    def _record(self) -> None:
        import av

        for number in itertools.count():
            if self._stop.wait(_SWITCH_S):
                return
            path = self._out / "recording.mp4"
            self._director.record(path)
            self._stop.wait(_SWITCH_S)
            for on in (number % 4 == 1, False):  # the page's buttons
                self._director.hide(on)
                self._director.freeze(on)
            self._director.stop_recording()
            with av.open(str(path)) as container:
                if not sum(1 for _ in container.decode(video=0)):
                    self.problems.append(f"recording {number} is empty")
            path.unlink()
            self.recordings += 1

    def _visit(self) -> None:
        from websockets.exceptions import WebSocketException
        from websockets.sync.client import connect

        while not self._stop.is_set():
            address = self._room.url.replace("http:", "ws:") + "pictures/puppet"
            try:
                with connect(address, proxy=None, max_size=None) as socket:
                    end_s = time.monotonic() + _VISIT_S
                    while time.monotonic() < end_s and not self._stop.is_set():
                        socket.send("1")
                        socket.recv(30)
                    self.visits += 1
            except (WebSocketException, OSError, TimeoutError) as error:
                if not self._stop.is_set():
                    raise error


def sample(at_s: float, director: Director) -> Sample:
    """What this process uses now."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    state = director.state()
    return Sample(
        round(at_s, 1),
        round(int(status["VmRSS"].split()[0]) * 1024 / 1e6, 1),
        int(status["Threads"]),
        len(os.listdir("/proc/self/fd")),
        state.fps,
        state.latency_ms.p95 or 0.0,
    )


def growth(samples: Sequence[Sample]) -> list[str]:
    """What was more (or slower) in the last quarter than in the second; in the first, everything is opened for the
    first time. Returns nothing for runs of less than five minutes, in which that still goes on.
    """
    quarter = len(samples) // 4
    if quarter * 4 * _SAMPLE_S < _SHORT_S:
        return []
    before, after = samples[quarter : 2 * quarter], samples[-quarter:]

    def middle(part: Sequence[Sample], name: str) -> float:
        return statistics.median(getattr(one, name) for one in part)

    problems = []
    for name, share, more in (("rss_mb", 1.05, 40.0), ("threads", 1.0, 4.0), ("handles", 1.0, 8.0)):
        if middle(after, name) > middle(before, name) * share + more:
            problems.append(f"{name} grew from {middle(before, name):g} to {middle(after, name):g}")
    if middle(after, "fps") < 0.7 * middle(before, "fps"):
        problems.append(f"fps fell from {middle(before, 'fps'):g} to {middle(after, 'fps'):g}")
    return problems


def _write(out: Path, samples: Sequence[Sample]) -> None:
    names = [field.name for field in fields(Sample)]
    with (out / "soak.csv").open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(names)
        table.writerows(astuple(one) for one in samples)
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(len(names) - 1, 1, sharex=True, figsize=(10, 10))
    for axis, name in zip(axes, names[1:], strict=True):
        axis.plot([one.at_s / 60 for one in samples], [getattr(one, name) for one in samples], linewidth=1)
        axis.set_ylabel(name)
        axis.set_ylim(bottom=0)
    axes[-1].set_xlabel("minutes")
    figure.tight_layout()
    figure.savefig(out / "soak.png", dpi=90)


def _arguments() -> argparse.Namespace:
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--minutes", type=float, default=30.0)
    flags.add_argument("--sink", action="append", metavar="SINK", help="as for run_live.py; may be repeated")
    flags.add_argument("--source", default="demo", help="as for run_live.py; played over and over (default: demo)")
    flags.add_argument("--pages", type=int, default=2, help="how many pages watch")
    flags.add_argument("--out", type=Path, default=Path("soak"), help="folder for the results (default: soak)")
    return flags.parse_args()


if __name__ == "__main__":
    sys.exit(main())

"""A real run for the browser tests: a clip, the estimator, the engine, the Director, as `run_live.py` has them."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from live.clock import Clock, SystemClock
from live.config import LiveConfig
from live.control.director import Director
from live.control.wizard_port import Gesture, WizardFactory
from live.room.room import Room
from live.session.assembly import open_parts
from live.session.loop import Loop
from live.telemetry.report import Report
from tests.browser.looking import until


@dataclass(frozen=True)
class LiveRun:
    """`said`: every line for the terminal."""

    director: Director
    room: Room
    report: Report
    said: list[str]


class FastClock:
    """Real time, but faster: a recording that nobody would want to wait for plays in less than its length."""

    def __init__(self, times: float) -> None:
        self._times = times

    def now(self) -> float:
        return time.perf_counter() * self._times

    def wait_until(self, t_s: float, stop: threading.Event) -> bool:
        return stop.wait(max(0.0, t_s - self.now()) / self._times)


@contextlib.contextmanager
def live_run(
    target: str = "fortnite",
    *,
    source: str = "demo",
    open_wizard: WizardFactory | None = None,
    gesture: Gesture | None = None,
    clock: Clock | None = None,
    **config: object,
) -> Iterator[LiveRun]:
    """The source, by default the demo clip, over and over, until the block is left."""
    clock, stop, report = clock or SystemClock(), threading.Event(), Report(0.0)
    said: list[str] = []
    settings = LiveConfig(target, source, ("null",), loop=True, **config)  # type: ignore[arg-type]
    parts = open_parts(settings, clock, stop, report, said.append, open_wizard=open_wizard, gesture=gesture)
    loop = Loop(parts, settings, clock, stop, report, said.append)
    room = Room(parts.director, port=0, say=said.append)
    room.start()
    parts.sinks.add(room.sink)
    parts.director.start()
    parts.director.heeds_gesture = True
    running = threading.Thread(target=loop.run, name="loop")
    running.start()
    try:
        yield LiveRun(parts.director, room, report, said)
    finally:
        stop.set()
        running.join()
        room.close()
        parts.close()


def reaches(page: Any, run: LiveRun, holds: Callable[[dict[str, Any]], bool]) -> None:
    """Waits until the Director's state is so."""
    until(page, lambda: holds(run.director.state().to_json()), run.director.state)

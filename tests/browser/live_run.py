"""A real run for the browser tests: the bundled demo clip, the real estimator and engine, the real Director."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from live.clock import SystemClock
from live.config import LiveConfig
from live.director import Director
from live.loop import Loop
from live.report import Report
from live.room.room import Room
from live.start import open_parts


@dataclass(frozen=True)
class LiveRun:
    """`said`: every line for the terminal."""

    director: Director
    room: Room
    report: Report
    said: list[str]


@contextlib.contextmanager
def live_run(target: str = "fortnite", **config: object) -> Iterator[LiveRun]:
    """The demo clip over and over, until the block is left."""
    clock, stop, report = SystemClock(), threading.Event(), Report(0.0)
    said: list[str] = []
    settings = LiveConfig(target, "demo", ("null",), loop=True, **config)  # type: ignore[arg-type]
    parts = open_parts(settings, clock, stop, report, said.append)
    loop = Loop(parts, settings, clock, stop, report, said.append)
    room = Room(parts.director, port=0, say=said.append)
    room.start()
    parts.sinks.add(room.sink)
    parts.director.start()
    running = threading.Thread(target=loop.run, name="loop")
    running.start()
    try:
        yield LiveRun(parts.director, room, report, said)
    finally:
        stop.set()
        running.join()
        room.close()
        parts.close()

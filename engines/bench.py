"""`bench`: how long each engine of this machine takes for one frame of a generator, measured in turns in one run."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from engines.base import Engine
from engines.bundle import Generator
from engines.choose import AUTO_ORDER, BACKENDS, open_engine
from engines.errors import EngineError

_TURN = 5  # frames that one engine runs before the next has its turn: load from outside then hits all alike
_WARM_UP = 3  # frames not counted


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds per frame of one engine, or why it could not be opened (then the times are NaN)."""

    backend: str
    precision: str
    median_ms: float
    p95_ms: float
    note: str


def bench(generator: Generator, *, backend: str, precision: str, threads: int, frames: int) -> list[Timing]:
    """Times every engine that `backend` and `precision` ("auto" means all there are) name, `frames` frames each.

    The feeds are random: a CPU engine's time does not depend on them. Raises EngineError if no engine can be opened.
    """
    engines: list[Engine] = []
    passed_over: list[Timing] = []
    try:
        for name, its_precision in _wanted(backend, precision):
            try:
                engine = open_engine(
                    generator.file, generator.spec, backend=name, precision=its_precision, threads=threads
                )
            except EngineError as error:
                passed_over.append(Timing(name, its_precision, float("nan"), float("nan"), str(error)))
                continue
            engines.append(engine)
        if not engines:
            raise EngineError("no engine to time", got=" | ".join(f"{t.backend}: {t.note}" for t in passed_over))
        times_ms = _in_turns(engines, frames)
        timings = [
            Timing(e.backend, e.precision, float(np.median(ms)), float(np.percentile(ms, 95)), e.describe())
            for e, ms in zip(engines, times_ms, strict=True)
        ]
        return timings + passed_over
    finally:
        for engine in engines:
            engine.close()


def table(timings: Sequence[Timing]) -> str:
    """The timings as a Markdown table; an engine that could not be opened shows why."""
    lines = ["| engine | precision | median ms | p95 ms | note |", "| --- | --- | ---: | ---: | --- |"]
    for t in timings:
        numbers = f"{t.median_ms:.2f} | {t.p95_ms:.2f}" if t.median_ms == t.median_ms else "- | -"
        lines.append(f"| {t.backend} | {t.precision} | {numbers} | {t.note} |")
    return "\n".join(lines)


def _wanted(backend: str, precision: str) -> list[tuple[str, str]]:
    """(backend, precision) of every engine to time; one that does not exist is left in: `open_engine` says why not."""
    names = AUTO_ORDER if backend == "auto" else (backend,)
    if precision != "auto":
        return [(name, precision) for name in names]
    return [(name, own) for name in names for own in (BACKENDS[name][1] if name in BACKENDS else ("auto",))]


def _in_turns(engines: Sequence[Engine], frames: int) -> list[list[float]]:
    """Milliseconds of each of `frames` runs of every engine."""
    rng = np.random.default_rng(0)
    feeds = {t.name: rng.integers(0, 256, t.shape, np.uint8) for t in engines[0].spec.feeds}
    for engine in engines:
        for _ in range(_WARM_UP):
            engine.run(feeds)
    times_ms: list[list[float]] = [[] for _ in engines]
    for start in range(0, frames, _TURN):
        for engine, own in zip(engines, times_ms, strict=True):
            for _ in range(min(_TURN, frames - start)):
                before_s = time.perf_counter()
                engine.run(feeds)
                own.append((time.perf_counter() - before_s) * 1000.0)
    return times_ms

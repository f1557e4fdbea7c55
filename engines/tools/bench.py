"""`bench`: what a frame costs on each engine of this machine. They take turns in one run, so load hits all alike."""

import gc
import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from engines.arrays import U8
from engines.engine import EngineSpec
from engines.errors import EngineError
from engines.graph.flops import count_flops
from engines.graph.resize import write_resized
from engines.messages import Say
from engines.selection.candidates import AT_ONCE, Candidate
from engines.tools.peak import matmul_peak

_TURN = 5  # frames per turn
_WARM_UP = 3  # frames not counted
_LONGEST_MS = 15000.0  # of all turns of one engine: the slowest need seconds per frame
_STATM = Path("/proc/self/statm")
_PAGE = 4096
CALIBRATION_FRAMES = 4  # of noise, because int8 costs the same whatever its ranges are


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that draws frames. `step()` draws one, `close()` frees it. `flops`: per frame. `build_s`: time to
    prepare and open it; `memory_mb`: how much the process grew, NaN where the system does not tell. `note`: what it is.
    """

    name: str
    precision: str
    size: int
    step: Callable[[], object]
    close: Callable[[], None]
    flops: float
    build_s: float
    memory_mb: float
    note: str


@dataclass(frozen=True, slots=True)
class Timing:
    """Milliseconds per frame of one contender, or why there are none (then all numbers are NaN)."""

    name: str
    precision: str
    size: int
    note: str
    median_ms: float = math.nan
    p95_ms: float = math.nan
    least_ms: float = math.nan
    gflops: float = math.nan  # 1e9 operations per second, at the median
    peak_share: float = math.nan  # of the machine's own matrix product in that precision
    memory_mb: float = math.nan
    build_s: float = math.nan


def open_contenders(
    network_file: Path,
    spec: EngineSpec,
    allowed: Sequence[Candidate],
    *,
    sizes: Sequence[int],
    threads: int,
    folder: Path,
    say: Say,
) -> tuple[list[Contender], list[Timing]]:
    """(those to time, those that cannot be opened and why), for every size and candidate. At the network's own size
    also the bundle's own file, "unprepared", if an engine can open it. `sizes`: sides of the canvas; any but the
    network's own means the same layers over more or fewer pixels (`engines.graph.resize`).

    `folder` holds the files, and must exist as long as the contenders do. Raises EngineError.
    """
    contenders: list[Contender] = []
    absent = [Timing(c.backend.name, c.precision, size, c.why_not) for c in allowed if c.why_not for size in sizes]
    own_size = max(side for tensor in spec.inputs for side in tensor.shape[1:3])
    usable = [candidate for candidate in allowed if not candidate.why_not]
    files = {
        size: (network_file, spec, "as trained")
        if size == own_size
        else (out := folder / f"{size}.onnx", write_resized(network_file, spec, size, out), f"trained at {own_size}")
        for size in sizes
    }
    _load_libraries(usable, network_file, spec, threads, folder)
    for size, (file, its_spec, note) in files.items():
        for candidate in usable:
            say(f"{size}: preparing {candidate}")
            ways = (True, False) if size == own_size and str(candidate) in AT_ONCE else (True,)
            for prepared in ways:
                try:
                    contenders.append(_open(candidate, file, its_spec, size, threads, folder, note, prepared=prepared))
                except EngineError as error:
                    absent.append(Timing(candidate.backend.name, candidate.precision, size, str(error)))
    return contenders, absent


def measure(contenders: Sequence[Contender], *, frames: int, threads: int) -> list[Timing]:
    """Times `frames` frames of each, in turns, then closes all. Raises EngineError if there are none."""
    if not contenders:
        raise EngineError("there is nothing to time", do="python -m engines list shows what can be used")
    try:
        peaks = {precision: matmul_peak(precision, threads=threads) for precision in {c.precision for c in contenders}}
        times_ms = _in_turns(contenders, frames)
    finally:
        for contender in contenders:
            contender.close()
    timings = []
    for contender, ms in zip(contenders, times_ms, strict=True):
        median = float(np.median(ms))
        per_s = contender.flops / (median / 1000.0)
        row = Timing(contender.name, contender.precision, contender.size, contender.note)
        timings.append(
            replace(
                row,
                median_ms=median,
                p95_ms=float(np.percentile(ms, 95)),
                least_ms=min(ms),
                gflops=per_s / 1e9,
                peak_share=per_s / peaks[contender.precision],
                memory_mb=contender.memory_mb,
                build_s=contender.build_s,
            )
        )
    return timings


def table(timings: Sequence[Timing]) -> str:
    """The timings as a Markdown table, sorted by size and time, with the reason for each engine that has none."""
    lines = [
        "| size | engine | precision | median ms | p95 ms | least ms | GFLOP/s | of matmul peak | memory MB | build s "
        "| note |",
        f"| ---: | --- | --- |{' ---: |' * 7} --- |",
    ]
    for t in sorted(timings, key=lambda t: (t.size, math.isnan(t.median_ms), t.median_ms)):
        share = "-" if math.isnan(t.peak_share) else f"{t.peak_share:.0%}"
        cells = [_number(v, digits) for v, digits in ((t.median_ms, 2), (t.p95_ms, 2), (t.least_ms, 2), (t.gflops, 0))]
        cells += [share, _number(t.memory_mb, 0), _number(t.build_s, 1)]
        lines.append(f"| {t.size} | {t.name} | {t.precision} | {' | '.join(cells)} | {t.note} |")
    return "\n".join(lines)


def resident_mb() -> float:
    """What this process holds in RAM, in MB (1e6 bytes); NaN where the system does not tell cheaply."""
    if sys.platform != "linux":
        return math.nan
    gc.collect()
    return int(_STATM.read_text().split()[1]) * _PAGE / 1e6


class MachineNoise:
    """`engines.backend.Feeds` for `spec`: `frames` frames of noise, the same with every `iter()`."""

    def __init__(self, spec: EngineSpec, frames: int = CALIBRATION_FRAMES) -> None:
        self._spec, self._frames = spec, frames

    def __iter__(self) -> "MachineNoise":
        self._left, self._rng = self._frames, np.random.default_rng(0)
        return self

    def __next__(self) -> dict[str, U8]:
        if not self._left:
            raise StopIteration
        self._left -= 1
        return {t.name: self._rng.integers(0, 256, t.shape, np.uint8) for t in self._spec.feeds}


def _load_libraries(usable: Sequence[Candidate], file: Path, spec: EngineSpec, threads: int, folder: Path) -> None:
    """Opens each once: otherwise the first engine of a library would be charged for loading that library."""
    for candidate in usable:
        try:
            _open(candidate, file, spec, 0, threads, folder, "", prepared=True).close()
        except EngineError:  # reported when it is opened to be timed
            continue


def _open(
    candidate: Candidate,
    file: Path,
    spec: EngineSpec,
    size: int,
    threads: int,
    folder: Path,
    note: str,
    *,
    prepared: bool,
) -> Contender:
    before_mb, start_s = resident_mb(), time.perf_counter()
    artifact, name = file, f"{candidate.backend.name} unprepared"
    if prepared:
        work, name = Path(tempfile.mkdtemp(dir=folder)), candidate.backend.name
        artifact = candidate.backend.prepare(file, spec, candidate.precision, work, MachineNoise(spec), lambda _: None)
    engine = candidate.backend.open(artifact, spec, precision=candidate.precision, threads=threads)
    build_s = time.perf_counter() - start_s
    feeds = next(iter(MachineNoise(spec)))
    for _ in range(_WARM_UP):
        engine.run(feeds)
    return Contender(
        name,
        candidate.precision,
        size,
        lambda: engine.run(feeds),
        engine.close,
        count_flops(file),
        build_s,
        max(0.0, resident_mb() - before_mb),
        f"{engine.describe()}; {note}",
    )


def _in_turns(contenders: Sequence[Contender], frames: int) -> list[list[float]]:
    """Milliseconds of `frames` frames of every contender, or of fewer if they take longer than _LONGEST_MS."""
    times_ms: list[list[float]] = [[] for _ in contenders]
    for start in range(0, frames, _TURN):
        for contender, own in zip(contenders, times_ms, strict=True):
            if sum(own) > _LONGEST_MS:
                continue
            contender.step()  # not counted: the previous contender has emptied the caches
            for _ in range(min(_TURN, frames - start)):
                if sum(own) > _LONGEST_MS:
                    break
                before_s = time.perf_counter()
                contender.step()
                own.append((time.perf_counter() - before_s) * 1000.0)
    return times_ms


def _number(value: float, digits: int) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"

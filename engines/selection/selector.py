"""`Selector`: prepares, judges and opens the engines of one network, none of them without a comparison with the
reference.
"""

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engines.backend import Feeds
from engines.backends.network_file import check_network_file
from engines.backends.onnxruntime_engine import open_reference
from engines.bundle import sha256_of
from engines.engine import Engine, EngineSpec
from engines.errors import EngineError, reason
from engines.graph.prepare import RECIPE
from engines.messages import Say
from engines.selection.cache import Cache, Entry
from engines.selection.candidates import AT_ONCE, SHIPPED_INT8, Candidate
from engines.selection.compare import Verdict, compare

_FEW = 4  # frames
_ITSELF = Verdict(0, 0.0, 0.0, float("inf"), float("inf"), 1.0, 1.0, 1.0)


class BundleNetwork(Protocol):
    """A network of a bundle (`engines.bundle.GeneratorNetwork`, `FaceNetwork`)."""

    @property
    def file(self) -> Path:
        """Its fp32 ONNX file."""

    @property
    def spec(self) -> EngineSpec:
        """Its tensors."""

    @property
    def int8(self) -> Path | None:
        """Its int8 version for OpenVINO, if the bundle has one."""


@dataclass(frozen=True, slots=True)
class Opened:
    """The chosen engine and why, why each other one was passed over, and which of those are worth preparing.

    `prepared`: it runs what was prepared for it, and was judged over all feeds.
    """

    engine: Engine
    candidate: Candidate
    prepared: bool
    why: str
    passed_over: tuple[str, ...]
    worth_preparing: tuple[Candidate, ...]


class Selector:
    """`feeds`: what the network is fed during a performance. `threads`: CPU threads of an engine. Not thread-safe.

    Raises EngineError for a file that no runtime may open (see `network_file`).
    """

    def __init__(self, network: BundleNetwork, feeds: Feeds, cache: Cache, *, threads: int, say: Say) -> None:
        self._network, self._feeds, self._cache, self._threads, self._say = network, feeds, cache, threads, say
        self._hashes = {}
        for name, file in (("model", network.file), ("int8", network.int8)):
            if file is not None:
                check_network_file(file)
                self._hashes[name] = sha256_of(file)

    def judged(self, candidate: Candidate) -> Entry | None:
        """What is known about the candidate on this machine, passed or refused; None: nothing yet."""
        if candidate.is_reference:
            return Entry(None, _ITSELF, 0.0)
        return self._cache.find(self._key(candidate))

    def build(self, candidate: Candidate) -> Entry:
        """Prepares and judges the candidate, unless that was done before. Slow. Raises EngineError if it cannot."""
        known = self.judged(candidate)
        if known is not None:
            return known
        key = self._key(candidate)
        with self._cache.building(key) as folder:
            known = self._cache.find(key)  # another process may have built it while we waited
            if known is not None:
                return known
            start_s = time.perf_counter()
            artifact = self._prepare(candidate, folder)
            build_s = time.perf_counter() - start_s
            self._say(f"{candidate}: comparing it with the reference")
            verdict = self._compare(candidate, artifact, frames=None)
            kept = artifact if artifact != self._own(candidate) else None
            return self._cache.store(key, Entry(kept, verdict, build_s))

    def compare(self, candidate: Candidate, entry: Entry) -> Verdict:
        """Judges once more what `judged` or `build` returned."""
        return self._compare(candidate, entry.artifact or self._own(candidate), frames=None)

    def open(self, candidate: Candidate, entry: Entry) -> Engine:
        """Opens what `judged` or `build` returned. Raises EngineError if it was refused."""
        if entry.verdict.refusal:
            raise self._refused(candidate, entry)
        return self._open(candidate, entry.artifact or self._own(candidate))

    def open_best(self, allowed: Sequence[Candidate]) -> Opened:
        """The fastest of `allowed` that is ready. If none is, one that opens a file of the bundle, after a short
        comparison. If none does, the first that can be built, now. The bundle's int8 version, whose few frames are no
        measure of its speed, goes before all but what is ready on the kinds of engine that `allowed` names first.

        Raises EngineError, with every reason, if none can be opened.
        """
        usable = [candidate for candidate in allowed if not candidate.why_not]
        known = {candidate: entry for candidate in usable if (entry := self.judged(candidate)) is not None}
        passed = [c for c, entry in known.items() if not entry.verdict.refusal and not c.is_reference]
        ready = sorted(passed, key=lambda c: _cost(known[c].verdict))
        shipped = [c for c in usable if self._is_shipped(c) and (c not in known or c in passed)]
        at_once = [c for c in usable if c not in known and (c in shipped or str(c) in AT_ONCE)]
        rest = [c for c in usable if c.is_reference] or [c for c in usable if c not in known and c not in at_once]
        reasons = _reasons(allowed, known)
        better = [c for c in ready if not shipped or usable.index(c) < usable.index(shipped[0])]
        for candidate in dict.fromkeys([*better, *shipped, *ready, *at_once, *rest]):
            try:
                engine, why = self._opened(candidate, known.get(candidate), quick=candidate in at_once)
            except EngineError as error:
                reasons[candidate] = str(error)
                continue
            reasons.pop(candidate, None)
            for other in ready[ready.index(candidate) + 1 :] if candidate in ready else []:
                timed = known[other].verdict
                reasons[other] = f"slower ({timed.median_ms:.1f} ms when the reference took {timed.reference_ms:.1f})"
            # Nothing is faster on this kind of engine than the int8 version that it came with.
            others = usable[: usable.index(candidate)] if self._is_shipped(candidate) else usable
            worth = _unjudged([c for c in others if not self._is_shipped(c)], known)
            return Opened(engine, candidate, candidate not in at_once, why, _by_backend(reasons), worth)
        raise EngineError(
            f"no engine can run {self._network.file.name}",
            got=" | ".join(f"{candidate}: {reason}" for candidate, reason in reasons.items()),
            do="export the target again if the file is damaged; else pip install openvino onnxruntime",
        )

    def _opened(self, candidate: Candidate, entry: Entry | None, *, quick: bool) -> tuple[Engine, str]:
        if candidate.is_reference:
            return self._open(candidate, self._network.file), "the reference"
        if not quick:
            entry = entry or self.build(candidate)
            return self.open(candidate, entry), str(entry.verdict)
        engine = self._open(candidate, self._own(candidate))
        try:
            entry = Entry(None, self._compared(engine, frames=_FEW), 0.0)
            engine.reset()
        except BaseException:
            engine.close()
            raise
        if self._is_shipped(candidate):  # whoever exported it has compared all frames
            with contextlib.suppress(EngineError):  # a full disk: it is compared again next time
                self._cache.store(self._key(candidate), entry)
        if entry.verdict.refusal:
            engine.close()
            raise self._refused(candidate, entry)
        figures = f"{entry.verdict.psnr_db:.1f} dB, at most {entry.verdict.loop_mean:.2f} levels a frame"
        return engine, f"compared over {_FEW} frames: {figures}"

    def _is_shipped(self, candidate: Candidate) -> bool:
        return self._network.int8 is not None and str(candidate) == SHIPPED_INT8

    def _own(self, candidate: Candidate) -> Path:
        """The file of the bundle that the candidate opens if nothing was prepared for it."""
        return self._network.int8 if self._network.int8 and self._is_shipped(candidate) else self._network.file

    def _prepare(self, candidate: Candidate, folder: Path) -> Path:
        network = self._network
        if self._is_shipped(candidate):
            return self._own(candidate)
        try:
            return candidate.backend.prepare(
                network.file, network.spec, candidate.precision, folder, self._feeds, self._say
            )
        except OSError as error:
            raise EngineError(
                f"{candidate} cannot be prepared", got=reason(error), do="make room on the disk"
            ) from error

    def _compare(self, candidate: Candidate, artifact: Path, *, frames: int | None) -> Verdict:
        engine = self._open(candidate, artifact)
        try:
            return self._compared(engine, frames=frames)
        finally:
            engine.close()

    def _compared(self, engine: Engine, *, frames: int | None) -> Verdict:
        reference = open_reference(self._network.file, self._network.spec)
        try:
            return compare(engine, reference, self._feeds, frames=frames)
        finally:
            reference.close()

    def _refused(self, candidate: Candidate, entry: Entry) -> EngineError:
        return EngineError(
            f"{candidate} is not used for {self._network.file.name}: it differs too much from the reference",
            got=entry.verdict.refusal,
            do="use --precision auto",
        )

    def _open(self, candidate: Candidate, artifact: Path) -> Engine:
        spec = self._network.spec
        return candidate.backend.open(artifact, spec, precision=candidate.precision, threads=self._threads)

    def _key(self, candidate: Candidate) -> dict[str, str]:
        return {
            "recipe": str(RECIPE),
            "model": self._hashes["model"],
            **({"int8": self._hashes["int8"]} if self._is_shipped(candidate) else {}),
            "shapes": ", ".join(str(tensor) for tensor in (*self._network.spec.inputs, *self._network.spec.outputs)),
            "backend": candidate.backend.name,
            "precision": candidate.precision,
            **{f"backend {name}": value for name, value in candidate.backend.identity().items()},
        }


def _reasons(allowed: Sequence[Candidate], known: dict[Candidate, Entry]) -> dict[Candidate, str]:
    """Why each cannot be taken, as far as that is known before one is opened."""
    reasons: dict[Candidate, str] = {}
    for candidate in allowed:
        if candidate.why_not:
            reasons[candidate] = candidate.why_not
        elif candidate not in known:
            reasons[candidate] = "not prepared yet"
        elif known[candidate].verdict.refusal:
            reasons[candidate] = f"refused: {known[candidate].verdict.refusal}"
    return reasons


def _by_backend(reasons: dict[Candidate, str]) -> tuple[str, ...]:
    """A line for each candidate; those of one backend that fail for the same reason share a line."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for candidate, why in reasons.items():
        grouped.setdefault((candidate.backend.name, why), []).append(candidate.precision)
    return tuple(f"{name} {', '.join(precisions)}: {why}" for (name, why), precisions in grouped.items())


def _unjudged(usable: Sequence[Candidate], known: dict[Candidate, Entry]) -> tuple[Candidate, ...]:
    """The candidates not judged yet, of the first backend with any that was not refused."""
    for name in dict.fromkeys(candidate.backend.name for candidate in usable):
        own = [candidate for candidate in usable if candidate.backend.name == name]
        if any(candidate not in known or not known[candidate].verdict.refusal for candidate in own):
            return tuple(candidate for candidate in own if candidate not in known)
    return ()


def _cost(verdict: Verdict) -> float:
    """Its time as a share of the reference's. Both ran in turns, so other load on the machine cancels out."""
    return verdict.median_ms / verdict.reference_ms

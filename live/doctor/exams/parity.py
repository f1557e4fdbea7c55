"""The engines: compares each that can open a target's own network with the reference over a few pictures."""

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np

from engines.arrays import U8
from engines.backend import Feeds
from engines.backends.onnxruntime_engine import open_reference
from engines.bundle import SHIPPED, Bundle, GeneratorNetwork, find_targets, open_bundle
from engines.engine import EngineSpec
from engines.errors import EngineError, reason
from engines.selection.cache import Cache, Entry
from engines.selection.candidates import Candidate, candidates
from engines.selection.compare import Verdict, compare
from engines.selection.selector import Selector
from live.doctor.finding import Finding

_FRAMES = 6
_THREADS = 1


@dataclass(frozen=True, slots=True)
class StillFeeds:
    """What a network is fed while its target stands as on its poster. Avoids the drawing code, which takes half a
    minute to compile on a first start.
    """

    spec: EngineSpec
    poster: U8

    def __iter__(self) -> Iterator[dict[str, U8]]:
        yield from ({tensor.name: self._picture(tensor.shape) for tensor in self.spec.feeds} for _ in range(_FRAMES))

    def _picture(self, shape: tuple[int, ...]) -> U8:
        """For (1, H, W, 4), an oval cut out of the poster; for another shape zeros, like a pose that is not seen."""
        if len(shape) != 4 or shape[3] != 4:
            return np.zeros(shape, np.uint8)
        height, width = shape[1:3]
        oval = np.zeros((height, width), np.uint8)
        cv2.ellipse(oval, (width // 2, height // 2), (width // 5, height * 2 // 5), 0, 0, 360, (255,), -1, cv2.LINE_AA)
        colours = cv2.resize(self.poster, (width, height), interpolation=cv2.INTER_AREA)
        picture = np.dstack((np.where(oval[..., None] > 0, colours, 0).astype(np.uint8), oval))
        return np.ascontiguousarray(picture[None])


def findings() -> list[Finding]:
    """A line for each engine that can be used now, and one for all that are missing."""
    bundle, generator = shipped_network()
    feeds = StillFeeds(generator.spec, _poster(bundle))
    return compared(generator, feeds, candidates(), Cache())


def compared(generator: GeneratorNetwork, feeds: Feeds, allowed: list[Candidate], cache: Cache) -> list[Finding]:
    """Compares `allowed` with the reference on `feeds`; for those that take minutes to prepare, reports the cache."""
    usable = [candidate for candidate in allowed if not candidate.why_not]
    if not any(candidate.is_reference for candidate in usable):
        why = next((c.why_not for c in allowed if c.is_reference), "")
        return [Finding("bad", f"onnxruntime, the reference for all others, cannot be used: {why}")]
    selector = Selector(generator, feeds, cache, threads=_THREADS, say=lambda _: None)
    prepared = [c for c in usable if c.precision == "int8" or c.backend.name == "tensorrt"]
    at_once = [c for c in usable if c not in prepared and not c.is_reference]
    # If there is nothing else, compare the reference with itself, so that it is run at least.
    at_once = at_once or [c for c in usable if c.is_reference]
    found = [_kept(c, entry) for c in prepared if (entry := selector.judged(c)) is not None]
    found += [_judged(c, generator, feeds) for c in at_once]
    ready = {candidate.backend.name for candidate in allowed if not candidate.why_not}
    if missing := list(dict.fromkeys(c.backend.name for c in allowed if c.backend.name not in ready)):
        found.append(Finding("absent", f"not on this machine: {', '.join(missing)}"))
    return found


def shipped_network() -> tuple[Bundle, GeneratorNetwork]:
    """The first network among the shipped targets. Raises EngineError if there is none."""
    for folder in find_targets([SHIPPED]).values():
        bundle = open_bundle(folder)
        if bundle.generators:
            return bundle, next(iter(bundle.generators.values()))
    raise EngineError("no target with a network is installed", do="pip install -e . in a complete copy of the program")


def _poster(bundle: Bundle) -> U8:
    picture = None if bundle.poster is None else cv2.imread(str(bundle.poster))
    picture = np.full((64, 64, 3), 128, np.uint8) if picture is None else picture
    return np.ascontiguousarray(np.asarray(picture, np.uint8)[:, :, ::-1])


def _kept(candidate: Candidate, entry: Entry) -> Finding:
    told = f"{candidate}, prepared earlier"
    if entry.verdict.refusal:
        return Finding("ok", f"{told}, is not used: {entry.verdict.refusal}")
    return Finding(
        "ok", f"{told}: {entry.verdict.median_ms:.0f} ms a picture (reference {entry.verdict.reference_ms:.0f})"
    )


def _judged(candidate: Candidate, generator: GeneratorNetwork, feeds: Feeds) -> Finding:
    try:
        verdict = _verdict(candidate, generator, feeds)
    except EngineError as error:
        return Finding("bad" if candidate.is_reference else "warning", f"{candidate}: {reason(error)}", error.do)
    if verdict.refusal:
        do = "nothing: other engines are used instead"
        return Finding("warning", f"{candidate} draws differently from the reference: {verdict.refusal}", do)
    times = f"{verdict.median_ms:.0f} ms a picture on {_THREADS} thread (reference {verdict.reference_ms:.0f})"
    return Finding("ok", f"{candidate} draws the same as the reference, {times}")


def _verdict(candidate: Candidate, generator: GeneratorNetwork, feeds: Feeds) -> Verdict:
    reference = open_reference(generator.file, generator.spec, threads=_THREADS)
    try:
        engine = candidate.backend.open(generator.file, generator.spec, precision=candidate.precision, threads=_THREADS)
        try:
            return compare(engine, reference, feeds)
        finally:
            engine.close()
    finally:
        reference.close()

"""A film's pictures per second by its timestamps; the header's rate is used only if the timestamps agree with it."""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from av.video.stream import VideoStream

from live.sources.film.container import FILM_ERRORS, open_film
from live.sources.film.timeline import Timeline

USUAL_FPS = 30.0  # for a film that gives no rate
_USUAL = (
    1,
    2,
    5,
    10,
    12,
    15,
    20,
    24_000 / 1001,
    24,
    25,
    30_000 / 1001,
    30,
    48,
    50,
    60_000 / 1001,
    60,
    90,
    100,
    120,
    240,
)
_FASTEST_FPS = 240.0
# A header's rate of more than this many times the real one is a clock's, not a film's: browsers write 1,000.
_DENSEST = 2.0
_OFF_BEATS = 0.75  # how far from its time a picture may be shown, in pictures
_HELD_BACK = 16  # the most pictures that a decoder holds back in H.264 and H.265
# How much of a film's beginning to scan: a quarter of an hour, or what a disk reads in a moment.
_SCAN_PACKETS, _SCAN_BYTES = 27_000, 100_000_000


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scan of a film's packets found. `stamps_s`: their timestamps in display order; None for a packet without
    one. `whole`: these are all packets.
    """

    stamps_s: list[float | None]
    whole: bool


def scan(path: Path, index: int) -> Scan:
    """Scan the packets of stream `index` without decoding. Raises FILM_ERRORS."""
    stamps: list[float | None] = []
    read_bytes, whole = 0, True
    with open_film(path) as container:
        stream = container.streams[index]
        try:
            for packet in container.demux(stream):
                if not packet.size:
                    continue
                if len(stamps) >= _SCAN_PACKETS or read_bytes > _SCAN_BYTES:
                    whole = False
                    break
                stamp = packet.dts if packet.pts is None else packet.pts
                stamps.append(None if stamp is None else float(stamp * packet.time_base))
                read_bytes += packet.size
        except FILM_ERRORS:
            pass  # cut short: what came before is enough
    return Scan(list(_as_shown(stamps)), whole)


def _as_shown(stamps_s: list[float | None]) -> Iterator[float | None]:
    """Reorder from the file's order to display order, like a decoder, which holds pictures back for earlier ones."""
    held: list[float] = []
    shown_s = float("-inf")
    for stamp in stamps_s:
        if stamp is None or stamp < shown_s:  # nothing comes this late, so the file's timestamps restart here
            yield from sorted(held)
            held, shown_s = [], float("-inf")
        if stamp is None:
            yield None
            continue
        heapq.heappush(held, stamp)
        if len(held) > _HELD_BACK:
            shown_s = heapq.heappop(held)
            yield shown_s
    yield from sorted(held)


def film_rate(stream: VideoStream, stamps_s: Sequence[float | None]) -> float:
    """Pictures per second, 1 to 240, such that each picture gets its own beat, near its time.

    For a film of varying rate, that of its faster parts.
    """
    rates = (float(rate or 0) for rate in (stream.average_rate, stream.guessed_rate, stream.base_rate))
    said = [rate for rate in rates if 1 <= rate <= _FASTEST_FPS]
    if all(stamp is None for stamp in stamps_s) or len(stamps_s) < 2:
        # The demuxer then invents a rate, 25; the guessed one may be the stream's own.
        return float(stream.guessed_rate or 0) if stream.guessed_rate in said else (said or [USUAL_FPS])[0]
    timeline = Timeline(1 / (said or [USUAL_FPS])[0])
    times = np.array([timeline.at(stamp) for stamp in stamps_s])
    mean = (len(times) - 1) / times[-1]
    likely = [rate for rate in said if rate <= _DENSEST * mean]
    others = sorted(_USUAL, key=lambda rate: abs(np.log(rate / mean)))
    for rate in (*likely, *others):
        if _worst_beats(times, rate) <= _OFF_BEATS:
            return float(rate)
    return float(min((*likely, *others), key=lambda rate: _worst_beats(times, rate)))


def jumps(stamps_s: Sequence[float | None], step_s: float) -> bool:
    """Whether these timestamps jump or restart somewhere; `step_s`: how long a picture is shown."""
    timeline = Timeline(step_s)
    for stamp in stamps_s:
        timeline.at(stamp)
    return timeline.jumps > 0


def _worst_beats(times: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", rate: float) -> float:
    """The farthest that a picture is from its time, in beats of this rate, if no two share a beat."""
    places = np.arange(len(times))
    beats = np.maximum.accumulate(np.rint(times * rate) - places) + places
    return float(np.abs(beats - times * rate).max())

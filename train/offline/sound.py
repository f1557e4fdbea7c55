"""Sound: puts the sound of the clip that drove the puppet under the puppet's pictures."""

import heapq
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import av

from live.sinks.ai_metadata import CONTAINER_METADATA, XMP_BOX
from live.sources.film.container import film_url, open_film
from live.sources.film.reader import FilmReader
from live.sources.film.timeline import Timeline
from train.errors import TrainError

FITS_MP4 = ("aac", "mp3", "ac3", "eac3", "alac", "opus")  # copied as they are; others become AAC
RATE = 48_000  # of sound that has to be re-encoded
_PACKET_S = 0.02  # about the length of one packet of sound
_CONTAINER = {"movflags": "+faststart"}


def lay_sound(pictures: Path, source: Path, out: Path, *, say: Callable[[str], object] = print) -> bool:
    """Write `out` (.mp4): the pictures of one file, untouched, with the sound of another. True when it has sound.

    Sound keeps its position relative to the source's first picture and ends with the pictures; where the source's
    timestamps jump it continues, as its pictures do. Sound that cannot be read ends there, and a line says so. The file
    says that its pictures are generated (`live.sinks.ai_metadata`). Raises PuppetError when the source is not a film,
    TrainError when `out` cannot be written.
    """
    with closing(FilmReader(source, lambda _: None)) as film:
        start_s, jumps, has_sound = film.start_s, film.jumps, film.has_sound
    try:
        with open_film(pictures) as shown, open_film(source) as heard:
            with av.open(film_url(out), "w", format="mp4", container_options=_CONTAINER) as made:
                made.metadata.update(CONTAINER_METADATA)
                video = shown.streams.video[0]
                sound = _Sound(heard, made, start_s, _length_s(video), jumps, say) if has_sound else None
                into = made.add_stream_from_template(video)
                streams = [_taken_over(shown, video, into)]
                if sound is not None:
                    streams.append(sound.packets())
                for packet in heapq.merge(*streams, key=_time_s):
                    made.mux(packet)
            with out.open("ab") as file:
                file.write(XMP_BOX)
            return sound is not None and sound.laid > 0
    except (OSError, av.FFmpegError) as error:
        raise TrainError(
            f"cannot write {out}",
            got=getattr(error, "strerror", None) or str(error),
            do="make room on the disk, or choose another --out",
        ) from error


class _Sound:
    """The first sound track of `heard` as packets for `made`; `laid` counts them."""

    def __init__(
        self, heard: Any, made: Any, start_s: float, length_s: float, jumps: bool, say: Callable[[str], object]
    ) -> None:
        self._heard, self._stream, self._say, self._length_s = heard, heard.streams.audio[0], say, length_s
        self._start_s = start_s
        self._timeline = Timeline(_PACKET_S) if jumps else None
        self._first_s: float | None = None
        self._copied = self._stream.codec_context.name in FITS_MP4
        # Sound without a named layout is common in WAV; two channels are enough for any of them.
        self._layout = "mono" if self._stream.channels == 1 else "stereo"
        self._into = (
            made.add_stream_from_template(self._stream)
            if self._copied
            else made.add_stream("aac", rate=RATE, layout=self._layout)
        )
        self.laid = 0

    def packets(self) -> Iterator[Any]:
        """The packets in order of time, which counts from the first picture."""
        try:
            for packet in self._copies() if self._copied else self._encoded():
                self.laid += 1
                yield packet
        except av.FFmpegError as error:
            self._say(f"the sound ends early: the rest cannot be read ({error.strerror})")

    def _copies(self) -> Iterator[Any]:
        for packet in self._heard.demux(self._stream):
            if packet.dts is None or packet.pts is None:
                continue  # the end of the stream
            shift = round(self._shift_s(float(packet.pts * packet.time_base)) / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            at = float(packet.pts * packet.time_base)
            # A packet that ends at 0 stays: an encoder's run-up, which the player needs and does not play.
            if at + float((packet.duration or 0) * packet.time_base) >= 0 and at < self._length_s:
                packet.stream = self._into
                yield packet

    def _shift_s(self, stamp_s: float) -> float:
        """What to subtract from a timestamp of the source so that it counts from the first picture."""
        if self._timeline is None:
            return self._start_s
        if self._first_s is None:
            self._first_s = stamp_s
        return stamp_s - (self._timeline.at(stamp_s) + self._first_s - self._start_s)

    def _decoded(self) -> Iterator[Any]:
        """The decoded frames; a damaged packet is a moment of silence."""
        for packet in self._heard.demux(self._stream):
            try:
                yield from packet.decode()
            except av.FFmpegError:
                continue

    def _encoded(self) -> Iterator[Any]:
        resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=RATE)
        for frame in self._decoded():
            at = frame.time - self._shift_s(frame.time) if frame.time is not None else None
            if at is None or at < 0:
                continue
            if at >= self._length_s:
                break
            frame.pts = round(at / frame.time_base)
            for resampled in resampler.resample(frame):
                yield from self._into.encode(resampled)
        for resampled in resampler.resample(None):
            yield from self._into.encode(resampled)
        yield from self._into.encode(None)


def _taken_over(container: Any, stream: Any, into: Any) -> Iterator[Any]:
    for packet in container.demux(stream):
        if packet.dts is not None:
            packet.stream = into
            yield packet


def _time_s(packet: Any) -> float:
    return float(packet.dts * packet.time_base) if packet.dts is not None else 0.0


def _length_s(stream: Any) -> float:
    return float(stream.duration * stream.time_base) if stream.duration else float("inf")

"""Sound: lays the sound of the clip that somebody danced in under the puppet's pictures."""

import heapq
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av

from train.errors import TrainError

FITS_MP4 = ("aac", "mp3", "ac3", "eac3", "alac", "opus")  # taken over as they are; others become AAC
RATE = 48_000  # of sound that has to be encoded anew
_CONTAINER = {"movflags": "+faststart"}


def lay_sound(pictures: Path, source: Path, out: Path, *, say: Callable[[str], object] = print) -> bool:
    """Write `out` (.mp4): the pictures of one file, untouched, with the sound of another. True when it has sound.

    Sound keeps its place beside the source's first picture and ends with the pictures. Sound that cannot be read is
    left out from there on, which is said. Raises TrainError when `out` cannot be written.
    """
    try:
        with av.open(str(pictures)) as shown, av.open(str(source)) as heard:
            with av.open(str(out), "w", format="mp4", container_options=_CONTAINER) as made:
                video = shown.streams.video[0]
                sound = _Sound(heard, made, _length_s(video), say) if heard.streams.audio else None
                into = made.add_stream_from_template(video)
                streams = [_taken_over(shown, video, into)]
                if sound is not None:
                    streams.append(sound.packets())
                for packet in heapq.merge(*streams, key=_time_s):
                    made.mux(packet)
            return sound is not None and sound.laid > 0
    except OSError as error:  # FFmpegError is one too
        raise TrainError(
            f"cannot write {out}", got=error.strerror or str(error), do="make room on the disk, or choose another --out"
        ) from error


class _Sound:
    """The first sound track of `heard` as packets for `made`; `laid` counts them."""

    def __init__(self, heard: Any, made: Any, length_s: float, say: Callable[[str], object]) -> None:
        self._heard, self._stream, self._say, self._length_s = heard, heard.streams.audio[0], say, length_s
        self._start_s = _start_s(heard.streams.video[0])
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
        """In order of time, counted from the first picture."""
        try:
            for packet in self._copies() if self._copied else self._encoded():
                self.laid += 1
                yield packet
        except av.FFmpegError as error:
            self._say(f"the sound ends early: it cannot be read further ({error.strerror})")

    def _copies(self) -> Iterator[Any]:
        for packet in self._heard.demux(self._stream):
            if packet.dts is None or packet.pts is None:
                continue  # the end of the stream
            shift = round(self._start_s / packet.time_base)
            packet.pts, packet.dts = packet.pts - shift, packet.dts - shift
            at = float(packet.pts * packet.time_base)
            # A packet that ends at 0 stays: an encoder's run-up, which the player needs and does not play.
            if at + float((packet.duration or 0) * packet.time_base) >= 0 and at < self._length_s:
                packet.stream = self._into
                yield packet

    def _encoded(self) -> Iterator[Any]:
        resampler = av.AudioResampler(format="fltp", layout=self._layout, rate=RATE)
        for frame in self._heard.decode(self._stream):
            at = frame.time - self._start_s if frame.time is not None else None
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


def _start_s(stream: Any) -> float:
    return float(stream.start_time * stream.time_base) if stream.start_time is not None else 0.0


def _length_s(stream: Any) -> float:
    return float(stream.duration * stream.time_base) if stream.duration else float("inf")

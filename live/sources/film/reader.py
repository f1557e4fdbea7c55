"""`FilmReader`: the one film reader for live, training and calibration, so the same file gives the same frames."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.packet import Packet
from av.stream import Disposition
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from engines.arrays import U8
from engines.messages import Say
from live.puppet.errors import CameraError
from live.puppet.values import Frame
from live.sources.film.container import FILM_ERRORS, LARGEST_PX, is_playlist, open_film
from live.sources.film.deinterlace import Deinterlacer
from live.sources.film.rate import film_rate, jumps, scan
from live.sources.film.timeline import Timeline
from live.sources.film.tone_map import BT2020, HLG, PQ, ToneMap
from live.sources.film.upright import PLAIN, display_matrix, upright

# A container's own frame count may be off by the frames a decoder holds back at the end.
_COUNT_SLACK = 3
_PATIENCE = 300  # packets within which the first picture must come
_STRETCH = 4  # a pixel stretched more than this is an error in the header


class FilmReader:
    """Reads a film once, from its first frame to its last; also an iterator over its frames.

    Frames are upright, with square pixels, deinterlaced, RGB in BT.709's colours, over black where the film is
    transparent, each in the size it has in the film. Ids count from 0, times from the first frame, in seconds by the
    film's own timestamps, and always go forward. A damaged packet is one frame less. At the end, `say` gets one line
    about what was wrong.

    name: of the file, for people. size: (width, height) of the first frame. fps: see `film_rate`. frames: how many
    there will be; 0 if unknown. has_sound: there is a sound track. lost: how many frames could not be decoded so far.
    start_s: the first frame's time in the file. jumps: the file's timestamps jump or restart midway.

    Raises CameraError if the file is missing, is not a film, or no picture can be decoded from it.
    """

    def __init__(self, path: Path, say: Say) -> None:
        self.path, self.name = path, os.fsencode(path.name).decode("utf-8", "replace")
        self.lost = 0
        self._say, self._next_id = say, 0
        self._broke: str | None = None
        self._lies = PLAIN
        self._scaler = VideoReformatter()  # reused, as a new one computes tables and starts threads
        self._reported = False
        self._closing = ExitStack()
        if not path.is_file():
            raise CameraError(f"no such video: {path}", do="check the path, or give another video")
        try:
            self._open()
        except FILM_ERRORS as error:
            self.close()
            raise self._no_film(getattr(error, "strerror", None) or str(error)) from error
        except CameraError:
            self.close()
            raise

    def _open(self) -> None:
        if is_playlist(self.path):
            raise self._no_film("a playlist, which only names other files", do="give the film itself")
        container = self._closing.enter_context(open_film(self.path))
        # A song's cover is also a video stream, of one picture.
        streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        if not streams:
            raise self._no_film("no picture track")
        best = container.streams.best("video")
        stream = next((s for s in streams if s is best), streams[0])
        if stream.codec_context is None:
            raise self._no_film("pictures in an unknown video format")
        if stream.width * stream.height > LARGEST_PX:
            raise self._no_film(f"pictures of {stream.width}x{stream.height}", do="scale it down")
        found = scan(self.path, stream.index)
        self.fps, self.has_sound = film_rate(stream, found.stamps_s), bool(container.streams.audio)
        self.jumps = jumps(found.stamps_s, 1 / self.fps)
        self._promised = stream.frames
        self.frames = len(found.stamps_s) if found.whole else self._promised
        # One thread: live needs the cores more, and several give other frames than one if a film is damaged.
        stream.codec_context.thread_count = 1
        stream.codec_context.options = {"max_pixels": str(LARGEST_PX)}
        self._stream, self._aspect = stream, _pixel_aspect(stream)
        self._timeline, self._tone_map = Timeline(1 / self.fps), _tone_map(stream)
        self._pictures = self._decoded(container.demux(stream))
        self.start_s = 0.0
        self._first = self._decode()
        if self._first is None:
            raise self._no_film("not one picture could be decoded")
        height, width = self._first.image.shape[:2]
        self.size = (width, height)

    def read(self) -> Frame | None:
        """The next frame, or None at the end."""
        frame, self._first = self._first or self._decode(), None
        if frame is None:
            self._report()
        return frame

    def __iter__(self) -> Iterator[Frame]:
        while (frame := self.read()) is not None:
            yield frame

    def close(self) -> None:
        """Free the file. May be called twice."""
        self._report(ended=False)
        self._closing.close()

    def _decode(self) -> Frame | None:
        picture = next(self._pictures, None)
        if picture is None:
            return None
        if self._next_id == 0:
            self.start_s, self._lies = picture.time or 0.0, display_matrix(picture)
        frame = Frame(self._next_id, self._timeline.at(picture.time), self._seen(picture))
        self._next_id += 1
        return frame

    def _decoded(self, packets: Iterator["Packet[VideoStream]"]) -> Iterator[av.VideoFrame]:
        deinterlacer, tried = Deinterlacer(), 0
        for packet in self._until_broken(packets):
            try:
                pictures = packet.decode()
            except FILM_ERRORS:
                self.lost += 1
                pictures = []
            for picture in pictures:
                assert isinstance(picture, av.VideoFrame)
                yield from deinterlacer.step(picture)
            tried += 1
            if tried == _PATIENCE and self.lost == tried:
                return
        yield from deinterlacer.rest()

    def _until_broken(self, packets: Iterator["Packet[VideoStream]"]) -> Iterator["Packet[VideoStream]"]:
        try:
            yield from packets
        except FILM_ERRORS as error:
            self._broke = getattr(error, "strerror", None) or str(error)

    def _seen(self, picture: av.VideoFrame) -> U8:
        """The picture as it is meant to be seen: (H, W, 3) uint8 RGB."""
        if self._tone_map is not None:
            image = self._tone_map.apply(self._converted(picture, "rgb48le"))
        elif any(component.is_alpha for component in picture.format.components):
            image = _over_black(self._converted(picture, "rgba"))
        else:
            image = self._converted(picture, "rgb24")
        return upright(image, self._lies)

    def _converted(self, picture: av.VideoFrame, pixels: str) -> Any:
        """(H, W, C), as the frame's own tags say; an untagged frame counts as BT.601, limited range."""
        width = round(picture.width * self._aspect)
        return self._scaler.reformat(picture, format=pixels, width=width, threads=1).to_ndarray()

    def _report(self, *, ended: bool = True) -> None:
        """Say what was wrong, once, at the end or when the film is closed early."""
        if self._reported or not self._next_id:
            return
        self._reported = True
        count, amiss = self._next_id, []
        if self._broke is not None:
            amiss.append(f"it ends early, after {count} frames ({self._broke})")
        elif ended and self._promised - count - self.lost > _COUNT_SLACK:
            amiss.append(f"it ends early, after {count} of {self._promised} frames")
        if self.lost:
            amiss.append(f"{self.lost} damaged frame{'s' * (self.lost > 1)} left out, {count} are good")
        if places := self._timeline.jumps:
            amiss.append(f"its timestamps jump {f'{places} times' if places > 1 else 'once'}, which is ignored")
        if amiss:
            self._say(f"{self.name}: {'; '.join(amiss)}")

    def _no_film(self, got: str, do: str = "convert it") -> CameraError:
        return CameraError(
            f"not a video that can be played: {self.path}", got=got, wanted="mp4, mkv, webm, mov, ...", do=do
        )


def _pixel_aspect(stream: VideoStream) -> Fraction:
    """A pixel's width divided by its height."""
    aspect = stream.sample_aspect_ratio or Fraction(1)
    return aspect if Fraction(1, _STRETCH) <= aspect <= _STRETCH else Fraction(1)


def _tone_map(stream: VideoStream) -> ToneMap | None:
    context = stream.codec_context
    wanted = context.color_trc in (PQ, HLG) or context.color_primaries == BT2020
    return ToneMap(context.color_trc) if wanted else None


def _over_black(rgba: U8) -> U8:
    if rgba[..., 3].min() == 255:
        return np.ascontiguousarray(rgba[..., :3])
    return ((rgba[..., :3].astype(np.uint16) * rgba[..., 3:] + 127) // 255).astype(np.uint8)

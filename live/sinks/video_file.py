"""`VideoFileSink`: an .mp4, by PyAV: H.264, BT.709, at the output's rate.

It is written as FILE.mp4.part, in fragments of a second, so that it plays up to the last second even when the program
is killed; it gets its final name at the end of the run.
"""

import errno
from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import ColorRange, Colorspace

from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame

# empty_moov + frag_keyframe: the file needs no index at its end. flush_packets: nothing waits in our own memory.
_CONTAINER = {"movflags": "empty_moov+frag_keyframe+default_base_moof", "flush_packets": "1"}
_BT709 = 1  # of H.273: primaries and transfer curve
# superfast: about 2 ms for 512x512 on one core, which live has to share with the estimator.
_ENCODER = {"preset": "superfast", "crf": "18", "tune": "zerolatency"}


class VideoFileSink:
    """`path`: where the video is to be in the end; an older file there stays until then."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path, self._part = path, path.with_name(path.name + ".part")
        self._container: av.container.OutputContainer | None = None
        self._first_tick: int | None = None
        self.written: Path | None = None  # the video, once it is whole

    def open(self, size: tuple[int, int], fps: float) -> None:
        if self._path.is_dir():
            raise SinkError(f"cannot write {self._path}: it is a folder", do="give a file name, such as puppet.mp4")
        if not self._path.parent.is_dir():
            raise SinkError(f"cannot write {self._path}: there is no folder {self._path.parent}", do="make it first")
        try:
            self._part.open("wb").close()  # PyAV opens at the first picture only, which is late to hear of a typo
            self._container = av.open(str(self._part), "w", format="mp4", options=_CONTAINER)
        except OSError as error:
            raise self._failed(error) from error
        rate = Fraction(fps).limit_denominator(1001)
        self._stream = self._container.add_stream("libx264", rate=rate, options=_ENCODER)
        self._stream.width, self._stream.height, self._stream.pix_fmt = size[0], size[1], "yuv420p"
        context = self._stream.codec_context
        context.time_base = self._beat = 1 / rate
        context.thread_count = 1
        context.gop_size = max(1, round(fps))
        context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
        context.color_primaries = context.color_trc = _BT709

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        if self._container is None:
            return False
        if self._first_tick is None:
            self._first_tick = tick
        rgb = av.VideoFrame.from_ndarray(frame.image, format="rgb24")
        yuv = rgb.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
        yuv.pts, yuv.time_base = tick - self._first_tick, self._beat
        try:
            self._container.mux(self._stream.encode(yuv))
        except OSError as error:  # av.error.FFmpegError for a full disk is an OSError too
            raise self._failed(error) from error
        return True

    def close(self, *, complete: bool) -> None:
        if self._container is None:
            return
        container, self._container = self._container, None
        try:
            if self._first_tick is not None:
                container.mux(self._stream.encode(None))
            container.close()
            if self._first_tick is None:
                self._part.unlink(missing_ok=True)  # not one picture: there is no video to keep
            elif complete:
                self._part.replace(self._path)
                self.written = self._path
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> SinkError:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return SinkError(
            f"cannot write {self._path}" + (": the disk is full" if full else ""),
            got=error.strerror or str(error),
            do=f"{'make room' if full else 'choose another file'}; what was written so far is {self._part}"
            if self._part.exists()
            else "choose another file",
        )

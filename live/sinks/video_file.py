"""`VideoFileSink`: writes an .mp4 with PyAV: H.264, BT.709, at the output's rate.

The file has its own name from the first quarter second on, and plays up to the last one even if the program is killed:
it is written in fragments, and at the end an index turns it into a plain .mp4 for every player, browser and editor,
without copying a byte.
"""

import errno
import os
import tempfile
from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.sinks.ai_metadata import CONTAINER_METADATA, XMP_BOX
from live.sinks.film_file import FilmFile, is_taken, taken

_CONTAINER = {
    "movflags": "hybrid_fragmented+empty_moov+frag_keyframe+default_base_moof",
    "frag_duration": "250000",  # microseconds
    "flush_packets": "1",  # nothing waits in FFmpeg's own memory
}
_BT709 = 1  # in H.273: primaries and transfer curve
# superfast: about 2 ms for 512x512 on one core, which is shared with the estimator in live.
_ENCODER = {"preset": "superfast", "crf": "18", "tune": "zerolatency"}


class VideoFileSink:
    """`path`: where to write the video. An older file there is moved aside to NAME-before.mp4 while the new one is
    written, and removed once that is complete; if it never is, both stay.

    `written`: the video, once complete. `failure`: why it was cut short. `remark`: what the user has to know.
    """

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path, self._file = path, FilmFile(path)
        self._container: av.container.OutputContainer | None = None
        self._scaler = VideoReformatter()  # reused, as a new one computes tables and starts threads
        self._first_tick: int | None = None
        self._header = 0  # bytes before the first picture
        self.written: Path | None = None
        self.failure: SinkError | None = None
        self.remark = ""

    def open(self, size: tuple[int, int], fps: float) -> None:
        self._check()
        rate = Fraction(fps).limit_denominator(1001)
        self._container = av.open(self._file, "w", format="mp4", options=_CONTAINER)
        self._stream = self._container.add_stream("libx264", rate=rate, options=_ENCODER)
        self._stream.width, self._stream.height, self._stream.pix_fmt = size[0], size[1], "yuv420p"
        context = self._stream.codec_context
        context.time_base = self._beat = 1 / rate
        context.thread_count = 1
        context.gop_size = max(1, round(fps))
        context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
        context.color_primaries = context.color_trc = _BT709
        self._container.metadata.update(CONTAINER_METADATA)
        self._container.start_encoding()
        self._header = self._file.tell()

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        if self._container is None:
            return False
        if self._first_tick is None:
            self._first_tick = tick
        rgb = av.VideoFrame.from_ndarray(frame.image, format="rgb24")
        yuv = self._scaler.reformat(
            rgb, format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, threads=1
        )
        yuv.pts, yuv.time_base = tick - self._first_tick, self._beat
        try:
            self._container.mux(self._stream.encode(yuv))
            if self._file.tell() > self._header:
                self._file.commit()
        except OSError as error:  # av.error.FFmpegError is an OSError too
            raise self._failed(error) from error
        except SinkError as error:
            self.failure = error
            raise
        return True

    def close(self, *, complete: bool) -> None:
        """Turn what was written into a plain .mp4, even if the run has failed, but not if the file has."""
        if self._container is None:
            return
        container, self._container = self._container, None
        failed = self.failure is not None
        try:
            if self._first_tick is not None and not failed:
                container.mux(self._stream.encode(None))
            container.close()
            if self._first_tick is not None and not failed:
                self._file.seek(0, os.SEEK_END)
                self._file.write(XMP_BOX)
                self._file.commit()
            self._file.close(complete=complete and not failed)
        except OSError as error:
            self._file.close(complete=False)
            raise self._failed(error) from error
        if complete and not failed and self._first_tick is not None:
            self.written = self._path
        elif self._file.before is not None:
            self.remark = f"{self._path} is not complete; the file that was there before is now {self._file.before}"

    def _check(self) -> None:
        """Check all that can be checked before the first picture."""
        try:
            if self._path.is_dir():
                raise SinkError(f"cannot write {self._path}: it is a folder", do="give a file name, such as puppet.mp4")
            if not self._path.parent.is_dir():
                raise SinkError(
                    f"cannot write {self._path}: there is no folder {self._path.parent}", do="make it first"
                )
            if self._path.exists() and not self._path.is_file():
                raise SinkError(f"cannot write {self._path}: it is not a regular file", do="choose another file")
            if is_taken(self._path):
                raise taken(self._path)
            tempfile.TemporaryFile(dir=self._path.parent).close()  # or the first picture would reveal it, too late
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> SinkError:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        todo = "free some space" if full else "choose another file"
        self.failure = SinkError(
            f"cannot write {self._path}" + (": the disk is full" if full else ""),
            got=error.strerror or str(error),
            do=f"{todo}; what was recorded so far is kept, and plays" if self._file.begun else todo,
        )
        return self.failure


def free_file(stem: str) -> Path:
    """STEM.mp4 in the current folder, or STEM-2.mp4 and so on if it exists, as nobody asked to replace it."""
    path, number = Path(f"{stem}.mp4"), 2
    while os.path.lexists(path) or os.path.lexists(f"{path}.part"):
        path, number = Path(f"{stem}-{number}.mp4"), number + 1
    return path

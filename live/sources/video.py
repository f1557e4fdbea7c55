"""`VideoSource`: a video file, decoded by PyAV."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np

from live.puppet.errors import CameraError
from live.puppet.values import U8, Frame
from live.sources.base import Say
from live.sources.letterbox import letterbox

# A container's own frame count may be off by the frames a decoder holds back at the end.
_COUNT_SLACK = 3


class VideoSource:
    """Plays a file once. A size change half way is letterboxed to the first size; a file that ends early just ends.

    Both are said through `say`. Raises CameraError when the file is missing or no picture can be decoded from it.
    """

    live = False

    def __init__(self, path: Path, say: Say) -> None:
        self.name = path.name
        self._path, self._say = path, say
        self._next_id = 0
        self._first_time: float | None = None
        self._resized = False
        if not path.is_file():
            raise CameraError(f"no such video: {path}", do="check the path given to --source")
        try:
            self._container = av.open(str(path))
        except (av.error.FFmpegError, OSError) as error:
            raise self._no_video(error.strerror or str(error)) from error
        if not self._container.streams.video:
            raise self._no_video("no picture track")
        stream = self._container.streams.video[0]
        stream.thread_count = 1  # the estimator and the generator need the cores more
        self.fps = float(stream.average_rate or stream.guessed_rate or 30)
        self._promised = stream.frames
        self._frames: Iterator[av.VideoFrame] = self._container.decode(stream)
        self._first = self._decode()
        if self._first is None:
            raise self._no_video("not one picture could be decoded")
        height, width = self._first[1].shape[:2]
        self.size = (width, height)

    def read(self) -> Frame | None:
        decoded, self._first = self._first or self._decode(), None
        if decoded is None:
            return None
        time_s, image = decoded
        if image.shape[:2] != (self.size[1], self.size[0]):
            self._say_resized(image)
            image = letterbox(image, self.size)
        frame = Frame(self._next_id, time_s, image)
        self._next_id += 1
        return frame

    def close(self) -> None:
        self._container.close()

    def _decode(self) -> tuple[float, U8] | None:
        """Seconds from the first frame and the RGB picture, or None at the end."""
        try:
            frame = next(self._frames)
        except StopIteration:
            if self._promised - self._next_id > _COUNT_SLACK:
                self._say(f"{self.name} ends early: {self._next_id} of {self._promised} frames are there")
            return None
        except av.error.FFmpegError as error:
            if self._next_id:
                self._say(f"{self.name} ends early: it is damaged after {self._next_id} frames ({error.strerror})")
            return None
        at = frame.time if frame.time is not None else self._next_id / self.fps
        if self._first_time is None:
            self._first_time = at
        image: U8 = np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)
        if frame.rotation % 360:  # a phone held upright
            image = np.ascontiguousarray(np.rot90(image, frame.rotation // 90))
        return at - self._first_time, image

    def _say_resized(self, image: U8) -> None:
        if not self._resized:
            got, size = f"{image.shape[1]}x{image.shape[0]}", f"{self.size[0]}x{self.size[1]}"
            self._say(f"{self.name} changes size to {got} at frame {self._next_id}; fitted into {size} from there on")
        self._resized = True

    def _no_video(self, got: str) -> CameraError:
        return CameraError(
            f"not a video that can be played: {self._path}", got=got, wanted="mp4, mkv, webm, mov, ...", do="convert it"
        )

"""A target's video: its frames on the canvas, and where the canvas lies in them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from train.errors import TrainError

U8 = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Letterbox:
    """Source pixels to canvas pixels without stretching: canvas = scale * source + (dx, dy); both x then y."""

    scale: float
    dx: float
    dy: float
    canvas: tuple[int, int]

    @staticmethod
    def fit(size: tuple[int, int], canvas: tuple[int, int]) -> "Letterbox":
        """The largest picture of `size` (width, height) that lies whole and centred on `canvas` (width, height)."""
        scale = min(canvas[0] / size[0], canvas[1] / size[1])
        return Letterbox(scale, (canvas[0] - scale * size[0]) / 2, (canvas[1] - scale * size[1]) / 2, canvas)

    def picture(self, image: U8, *, border: int = cv2.BORDER_REPLICATE) -> U8:
        """The image (H, W[, C]) uint8 on the canvas; what lies outside it is its edge repeated (or 0,
        BORDER_CONSTANT).
        """
        height, width = image.shape[:2]
        inner_w, inner_h = max(1, round(self.scale * width)), max(1, round(self.scale * height))
        shrunk = cv2.resize(
            image, (inner_w, inner_h), interpolation=cv2.INTER_AREA if self.scale < 1 else cv2.INTER_LINEAR
        )
        left, top = round(self.dx), round(self.dy)
        right, bottom = self.canvas[0] - inner_w - left, self.canvas[1] - inner_h - top
        if left == right == top == bottom == 0:
            return np.asarray(shrunk, np.uint8)
        return np.asarray(cv2.copyMakeBorder(shrunk, top, bottom, left, right, border), np.uint8)


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video says of itself. `frames` is a guess from its header (0 when it does not say)."""

    path: Path
    size: tuple[int, int]
    fps: float
    frames: int


def probe(path: Path) -> VideoInfo:
    """Raises TrainError when `path` is missing or holds no video."""
    if not path.is_file():
        raise TrainError(f"no such video: {path}", do="check the path")
    try:
        with av.open(str(path)) as file:
            stream = file.streams.video[0]
            fps = float(stream.average_rate or stream.guessed_rate or 30)
            frames = stream.frames or (int(float(stream.duration * stream.time_base) * fps) if stream.duration else 0)
            return VideoInfo(path, (stream.width, stream.height), fps, frames)
    except (av.FFmpegError, IndexError) as error:
        raise TrainError(f"not a video: {path}", got=str(error), wanted="MP4, MOV, MKV, WebM, ...") from error


def read_frames(info: VideoInfo) -> Iterator[U8]:
    """The frames in order, (H, W, 3) uint8 RGB. A video that breaks off ends early; frames of another size are
    refused.
    """
    with av.open(str(info.path)) as file:
        stream = file.streams.video[0]
        stream.thread_type = "AUTO"
        decoded = file.decode(stream)
        while True:
            try:
                frame = next(decoded)
            except StopIteration:
                return
            except av.FFmpegError:
                return  # cut off in the middle: what came before it is good
            if (frame.width, frame.height) != info.size:
                raise TrainError(
                    f"the video changes its size half way: {info.path}",
                    got=f"{frame.width}x{frame.height} after {info.size[0]}x{info.size[1]}",
                    do="cut it, or convert it to one size",
                )
            yield frame.to_ndarray(format="rgb24")

"""A target's video: its frames on the canvas, and where the canvas lies in them."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from engines.arrays import U8
from engines.messages import Say
from live.puppet.errors import CameraError
from live.puppet.values import Frame
from live.sources.film.reader import FilmReader
from train.errors import TrainError

ROUNDING_S = 1e-3  # Matroska and others count whole milliseconds


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
        """The image (H, W[, C]) uint8 on the canvas; around it its edge is repeated (or 0, with BORDER_CONSTANT)."""
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
    """What a video's header says. `size`: upright. `frames`: an estimate (0 when it does not say)."""

    path: Path
    size: tuple[int, int]
    fps: float
    frames: int


def probe(path: Path) -> VideoInfo:
    """Raises TrainError when `path` is missing or holds no video."""
    with closing(_opened(path, say=lambda _: None)) as film:
        return VideoInfo(path, film.size, film.fps, film.frames)


def read_frames(info: VideoInfo) -> Iterator[Frame]:
    """The frames in order, upright; times count from the first one. Problems with the video are printed at its end.

    A truncated video ends early. Raises TrainError when the size of the frames changes.
    """
    with closing(_opened(info.path, say=tqdm.write)) as film:
        for frame in film:
            height, width = frame.image.shape[:2]
            if (width, height) != info.size:
                raise TrainError(
                    f"the video changes its size part-way: {info.path}",
                    got=f"{width}x{height} after {info.size[0]}x{info.size[1]}",
                    do="cut it, or convert it to one size",
                )
            yield Frame(frame.frame_id, _on_beat(frame.t_capture_s, info.fps), frame.image)


def pair_by_beat(
    frames: Iterator[Frame], fps: float, others: Iterator[Frame], others_fps: float
) -> Iterator[tuple[Frame, Frame]]:
    """The frames of two videos that belong together, even after one of them has lost a frame."""
    other = next(others, None)
    for frame in frames:
        beat = round(frame.t_capture_s * fps)
        while other is not None and round(other.t_capture_s * others_fps) < beat:
            other = next(others, None)
        if other is None:
            return
        if round(other.t_capture_s * others_fps) == beat:
            yield frame, other


def _opened(path: Path, *, say: Say) -> FilmReader:
    try:
        return FilmReader(path, say)
    except CameraError as error:
        raise TrainError(error.what, got=error.got, wanted=error.wanted, do=error.do) from error


def _on_beat(time_s: float, fps: float) -> float:
    """The time itself, or that of the nearest beat if it is off by no more than a container's rounding."""
    beat_s = round(time_s * fps) / fps
    return beat_s if abs(time_s - beat_s) <= ROUNDING_S else time_s

"""A camera with a mark in its pictures that no puppet has, and with the faults that cameras have."""

from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np

from engines.arrays import U8
from live.puppet.errors import CameraError
from live.puppet.values import Frame
from tests.live.fakes import Meter
from tests.live.patience import until

FAULTS = ("none", "pulled", "frozen", "no frames", "resized", "dropping", "corrupt", "undecodable")
_NOISE = np.random.default_rng(1).integers(0, 40, (96, 128), np.uint8)


def marked(number: int, size: tuple[int, int] = (128, 96)) -> U8:
    """(H, W, 3): squares of magenta and cyan, with noise of its own in each row, which no two pictures share."""
    width, height = size
    squares = (np.indices((height, width)) // 8).sum(axis=0) % 2
    image = np.where(squares[..., None], (235, 0, 235), (0, 235, 235)).astype(np.uint8)
    image += np.roll(np.resize(_NOISE, (height, width)), number, axis=1)[..., None] // 2
    return image


def needles() -> list[bytes]:
    """Bytes that a picture of the camera has, as RGB and BGR and as one channel, and nothing else has."""
    rows = [marked(number)[40, 30:50] for number in range(0, 60, 7)]
    return [cut.tobytes() for row in rows for cut in (row, row[:, ::-1].copy(), row[:, 0].copy())]


def shows_mark(image: U8) -> bool:
    """Whether a picture, however it was compressed and sized, has some of the mark's colours."""
    red, green, blue = (image[..., channel] for channel in range(3))
    magenta, cyan = (red > 190) & (green < 90) & (blue > 190), (red < 90) & (green > 190) & (blue > 190)
    return bool((magenta | cyan).mean() > 0.001)


def pictures_in(path: Path) -> list[U8]:
    """All pictures of a video or picture file; none for another file."""
    if path.suffix == ".mp4":
        with av.open(str(path)) as container:
            return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]  # type: ignore[misc]
    return decoded(path.read_bytes())


def decoded(data: bytes) -> list[U8]:
    """The picture that `data` is, RGB; none where it is no picture."""
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR) if data else None
    return [] if image is None else [np.ascontiguousarray(image[:, :, ::-1])]


class FaultyCamera:
    """`count` marked pictures; from the 20th to the 39th it has `fault`. Reads on when the one before was `seen`."""

    live = True

    def __init__(self, fault: str, count: int, seen: Meter, idles: Callable[[], bool]) -> None:
        self.name, self.fps, self.size = "faulty", 30.0, (128, 96)
        self._fault, self._count, self._seen, self._idles = fault, count, seen, idles
        self._next_id = self._reads = 0

    def read(self) -> Frame | None:
        self._reads += 1
        if self._next_id >= self._count:
            return None
        self._seen.wait_for(self._next_id)
        wrong = self._fault if 20 <= self._next_id < 40 else "none"
        if wrong == "pulled" and self._reads % 3:
            raise CameraError("the camera was unplugged")
        if wrong == "undecodable" and self._reads % 2:
            raise ValueError("cannot reshape array of size 7")
        if wrong == "no frames" and self._next_id == 20:
            until(self._idles)
        frame = Frame(self._next_id, self._next_id / 30 + (1.0 if wrong == "dropping" else 0.0), self._picture(wrong))
        self._next_id += 1
        return frame

    def _picture(self, wrong: str) -> U8:
        number = self._next_id
        if wrong == "frozen":
            return marked(20)
        if wrong == "resized":
            return marked(number, (64, 128) if number % 2 else (200, 150))
        if wrong == "corrupt":
            image = marked(number)
            image[48:] = np.random.default_rng(number).integers(0, 255, image[48:].shape, np.uint8)
            return image
        return marked(number)

    def close(self) -> None:
        return None

"""`ImageFolderSource`: the pictures of a folder, in the order of their names."""

import re
from pathlib import Path

import cv2
import numpy as np

from live.puppet.errors import CameraError
from live.puppet.values import U8, Frame
from live.sources.base import Say
from live.sources.letterbox import letterbox

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
_FPS = 30.0  # pictures carry no time of their own


class ImageFolderSource:
    """Plays a folder once, 30 pictures a second, `frame_9` before `frame_10`, all fitted into the first one's size.

    Raises CameraError when the folder has no pictures, and at the picture that cannot be read.
    """

    live = False

    def __init__(self, folder: Path, say: Say) -> None:
        self.name, self.fps = folder.name, _FPS
        self._say, self._resized = say, False
        self._paths = sorted((p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES), key=_natural)
        self._next_id = 0
        if not self._paths:
            raise CameraError(f"no pictures in the folder: {folder}", wanted=", ".join(SUFFIXES))
        height, width = _read(self._paths[0]).shape[:2]
        self.size = (width, height)

    def read(self) -> Frame | None:
        if self._next_id >= len(self._paths):
            return None
        path = self._paths[self._next_id]
        image = _read(path)
        if image.shape[:2] != (self.size[1], self.size[0]) and not self._resized:
            self._resized = True
            self._say(f"{path.name} has another size than the first picture; fitted into it from there on")
        frame = Frame(self._next_id, self._next_id / self.fps, letterbox(image, self.size))
        self._next_id += 1
        return frame

    def close(self) -> None:
        return None


def _natural(path: Path) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", path.name.lower())]


def _read(path: Path) -> U8:
    # By way of memory: cv2.imread cannot open names outside the code page on Windows.
    bgr = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_COLOR) if path.stat().st_size else None
    if bgr is None:
        raise CameraError(f"not a picture that can be read: {path}", do="remove or replace it")
    rgb: U8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB).astype(np.uint8, copy=False)
    return rgb

"""What stands behind the puppet: the target's own plate, green, a colour, or a picture."""

import os
from pathlib import Path

import cv2
import numpy as np

from engines.arrays import U8
from live.puppet.errors import CameraError, TargetError
from live.sources.picture_files import read_rgb

_GREEN = (0, 177, 64)  # the usual chroma key green


def is_background(spec: str) -> bool:
    """Whether `spec` names a background or a colour, not a file."""
    digits = spec[1:]
    return spec in ("plate", "green") or (
        spec.startswith("#") and len(digits) == 6 and all(c in "0123456789abcdefABCDEF" for c in digits)
    )


def make_background(spec: str, plate: U8) -> U8:
    """The background for `spec` (plate, green, #RRGGBB, or a file), (H, W, 3) uint8 RGB, the size of the plate.

    A picture is scaled to fill the canvas and cropped at the edges, never stretched. Raises TargetError if it cannot be
    read.
    """
    if spec == "plate":
        return plate
    if spec == "green" or spec.startswith("#"):
        colour = _GREEN if spec == "green" else tuple(int(spec[i : i + 2], 16) for i in (1, 3, 5))
        return np.ascontiguousarray(np.broadcast_to(np.array(colour, np.uint8), plate.shape))
    return _filled(read_picture(Path(spec)), plate.shape[1], plate.shape[0])


def read_picture(path: Path) -> U8:
    """A picture file as (H, W, 3) uint8 RGB. Raises TargetError if missing, no picture or too large (`read_rgb`)."""
    if not os.path.isfile(path):  # unlike Path.is_file, never raises: a name may be too long, a folder forbidden
        raise TargetError(f"no such background: {path}", wanted="plate, green, #RRGGBB, or a picture file")
    try:
        return read_rgb(path)
    except CameraError as error:
        wanted = error.wanted or "a png, jpg, webp or bmp"
        raise TargetError(error.what, got=error.got, wanted=wanted, do=error.do) from error


def _filled(image: U8, width: int, height: int) -> U8:
    scale = max(width / image.shape[1], height / image.shape[0])
    w, h = max(width, round(image.shape[1] * scale)), max(height, round(image.shape[0] * scale))
    scaled = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    left, top = (w - width) // 2, (h - height) // 2
    return np.ascontiguousarray(scaled[top : top + height, left : left + width], dtype=np.uint8)

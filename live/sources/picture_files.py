"""Picture files, for live and train: which files are pictures, in which order they come, and how to read one."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import U8
from engines.errors import reason
from live.puppet.errors import CameraError
from live.sources.picture_size import picture_size

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
LARGEST_BYTES, LARGEST_PX = 128 << 20, 64 << 20  # of one picture; a pixel takes three bytes
# Put behind transparent places, where the file may hold any colour. Grey, because few figures are grey.
BEHIND = 128
_LEFT_BY_SYSTEMS = {"__macosx", "thumbs.db", "desktop.ini", "@eadir", "$recycle.bin", "system volume information"}
_MOST_RANGES = 5

NameKey = tuple[str | int, ...]


def is_litter(name: str) -> bool:
    """Whether the name shows that it is nobody's picture: left by macOS, Windows or a NAS, or hidden."""
    return name.startswith(".") or name.lower() in _LEFT_BY_SYSTEMS


def is_picture(name: str) -> bool:
    """Whether a file's name says it is a picture."""
    return name.lower().endswith(SUFFIXES) and not is_litter(name)


def natural(path: Path) -> tuple[NameKey, str]:
    """A key to sort names by: numbers by value, `frame_9` before `frame_10`, ignoring case."""
    return name_key(path.stem), path.name


def name_key(stem: str) -> NameKey:
    """Text and numbers alternating, text first. Equal for `Frame_007` and `frame_7`, and only for such names."""
    return tuple(int(part) if i % 2 else part for i, part in enumerate(re.split(r"(\d+)", stem.casefold())))


def pictures_in(folder: Path) -> list[Path]:
    """The pictures directly in a folder, in order of their names. Raises OSError."""
    return sorted((path for path in folder.iterdir() if is_picture(path.name) and path.is_file()), key=natural)


def inside(folder: Path) -> str:
    """What a folder holds instead of pictures, for an error: its first names, or that it is empty."""
    names = sorted(path.name + "/" * path.is_dir() for path in folder.iterdir() if not is_litter(path.name))
    return ", ".join(names[:6]) + ", ..." * (len(names) > 6) if names else "an empty folder"


def gaps(paths: Sequence[Path]) -> str:
    """Which numbers are missing in a series of pictures, as "3, 17 to 19"; "" if none are, or if it is not a series:
    the names differ in more than their last number, or most numbers do not follow each other at one step.
    """
    parts = [re.split(r"(\d+)", path.stem.casefold()) for path in paths]
    if len(parts) < 2 or len(parts[0]) < 3 or len({(*names[:-2], names[-1]) for names in parts}) > 1:
        return ""
    numbers = sorted(int(names[-2]) for names in parts)
    steps = [b - a for a, b in zip(numbers, numbers[1:], strict=False)]
    step, often = Counter(steps).most_common(1)[0]
    if step < 1 or often <= len(steps) / 2:
        return ""
    missing = [(a + step, b - step) for a, b in zip(numbers, numbers[1:], strict=False) if b - a >= 2 * step]
    said = [str(first) if first == last else f"{first} to {last}" for first, last in missing[:_MOST_RANGES]]
    if len(missing) > _MOST_RANGES:
        said.append(f"and {len(missing) - _MOST_RANGES} more gaps")
    return ", ".join(said)


def read_rgb(path: Path) -> U8:
    """(H, W, 3) uint8 RGB, turned as its EXIF says, 16 bits reduced to 8, transparent places grey. The first picture of
    an animation.

    Raises CameraError if the file is not a picture, is cut short, or is larger than LARGEST_PX or LARGEST_BYTES.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise CameraError(f"not a picture that can be read: {path}", got=str(error), do="remove it") from error
    width, height = picture_size(content) or (0, 0)
    if len(content) > LARGEST_BYTES or width * height > LARGEST_PX:
        raise CameraError(
            f"the picture is too large: {path}",
            got=f"{width}x{height}" + f", {len(content) / 1e6:.0f} MB and more" * (len(content) > LARGEST_BYTES),
            wanted=f"at most {LARGEST_PX >> 20} megapixels and {LARGEST_BYTES >> 20} MB",
            do="make it smaller",
        )
    try:
        rgb = _decoded(np.frombuffer(content, np.uint8)) if width else None
    except cv2.error as error:
        raise CameraError(f"not a picture that can be read: {path}", got=reason(error), do="remove it") from error
    if rgb is None or rgb.shape[:2] not in ((height, width), (width, height)):  # swapped if EXIF turns it
        raise CameraError(f"not a picture that can be read: {path}", do="remove it, or save it again")
    return rgb


def _decoded(data: U8) -> U8 | None:
    # From memory: cv2.imread cannot open names outside the code page on Windows, and pads files that are cut short.
    bgr = cv2.imdecode(data, cv2.IMREAD_COLOR)
    if bgr is None:
        return None
    rgb: U8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB, dst=bgr).astype(np.uint8, copy=False)
    if _has_alpha(data):
        _put_before_grey(rgb, cv2.imdecode(data, cv2.IMREAD_UNCHANGED))
    return rgb


def _has_alpha(data: U8) -> bool:
    """Whether the file may be transparent in places. Saves decoding most files twice."""
    head = data[:4096].tobytes()
    if head.startswith(b"\x89PNG"):
        return head[25:26] in (b"\x04", b"\x06") or b"tRNS" in head
    return head[8:16] in (b"WEBPVP8X", b"WEBPVP8L")


def _put_before_grey(rgb: U8, stored: NDArray[Any] | None) -> None:
    """Write grey into `rgb` (H, W, 3) where `stored`, the same picture with all its channels, is transparent."""
    if stored is None or stored.ndim != 3 or stored.shape[2] != 4 or stored.shape[:2] != rgb.shape[:2]:
        return
    alpha = stored[..., 3] if stored.dtype == np.uint8 else stored[..., 3] >> 8
    clear = alpha < 255
    if clear.any():
        share = alpha[clear][:, None].astype(np.float32) / 255
        rgb[clear] = (rgb[clear] * share + BEHIND * (1 - share)).round().astype(np.uint8)

"""Lists this machine's cameras, by name if the system tells (Linux), else by number."""

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from live.puppet.errors import CameraError

V4L = Path("/sys/class/video4linux")
_PROBED = 5  # numbers to try on systems without a list


@dataclass(frozen=True, slots=True)
class CameraDevice:
    """index: OpenCV's number. virtual: made by a program (our own output, OBS), so it films nobody."""

    index: int
    name: str
    virtual: bool


def list_cameras(v4l: Path = V4L) -> list[CameraDevice]:
    """All capture devices, including virtual ones, by index. `v4l`: the folder in which Linux lists them."""
    return _linux_cameras(v4l) if sys.platform == "linux" else _probed_cameras()


def find_camera(asked: str, cameras: list[CameraDevice]) -> CameraDevice:
    """The camera that `asked` names: an index, part of a name in any case, or "" for the first real one.

    Raises CameraError, which lists the cameras, if none fits or it is a virtual one.
    """
    real = [camera for camera in cameras if not camera.virtual]
    if asked.isdigit():
        found = [camera for camera in cameras if camera.index == int(asked)]
    else:
        found = [camera for camera in real or cameras if asked.lower() in camera.name.lower()]
        found = found or [camera for camera in cameras if asked.lower() in camera.name.lower()]
    if not found:
        raise CameraError(
            f"there is no camera {asked!r}" if asked else "there is no camera",
            got=describe(real) or "no camera at all",
            wanted="one of those" if real else "",
            do="plug one in, or use --source demo or --source with a video file",
        )
    if found[0].virtual:
        raise CameraError(
            f"camera {found[0].index} ({found[0].name}) is a virtual one: the puppet would film itself",
            wanted=describe(real) or "a real camera",
            do="choose a real camera (see --list-cameras)",
        )
    return found[0]


def find_again(device: CameraDevice, v4l: Path = V4L) -> CameraDevice | None:
    """`device` as it is now; None if it is not plugged in.

    Linux may give a returning camera another number, and its old number to another camera. Elsewhere: `device`.
    """
    if sys.platform != "linux":
        return device
    same = [camera for camera in list_cameras(v4l) if (camera.name, camera.virtual) == (device.name, device.virtual)]
    return min(same, key=lambda camera: camera.index != device.index, default=None)


def describe(cameras: list[CameraDevice]) -> str:
    """`0 "HD Webcam", 2 "Capture card"`."""
    return ", ".join(f'{camera.index} "{camera.name}"' for camera in cameras)


def no_access(index: int) -> bool:
    """Whether the system denies this user the device. Always False where devices are not files."""
    device = Path(f"/dev/video{index}")
    return device.exists() and not os.access(device, os.R_OK | os.W_OK)


def _linux_cameras(v4l: Path) -> list[CameraDevice]:
    cameras = []
    for entry in v4l.iterdir() if v4l.is_dir() else ():
        number = re.fullmatch(r"video(\d+)", entry.name)
        # A webcam has a second node for metadata; the picture is on the one with index 0.
        if number is None or _text(entry / "index") not in ("0", ""):
            continue
        cameras.append(CameraDevice(int(number[1]), _text(entry / "name") or entry.name, is_virtual(entry)))
    return sorted(cameras, key=lambda camera: camera.index)


def is_virtual(entry: Path) -> bool:
    """Whether a /sys/class/video4linux entry belongs to no hardware (v4l2loopback, akvcam)."""
    return "virtual" in entry.resolve().parts


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _probed_cameras() -> list[CameraDevice]:
    import cv2

    found = []
    for index in range(_PROBED):
        capture = cv2.VideoCapture(index)
        if capture.isOpened():
            found.append(CameraDevice(index, f"camera {index}", virtual=False))
        capture.release()
    return found

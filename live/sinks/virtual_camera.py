"""`VirtualCameraSink`: the puppet as a webcam for OBS, Zoom or a browser.

This is the only file that imports pyvirtualcam, and only when such a sink is opened: pyvirtualcam is GPL-2, the rest is
MIT.
"""

import os
import sys
from pathlib import Path
from typing import Any

from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame

V4L = Path("/sys/class/video4linux")
_STREAMON, _OUTPUT = 0x40045612, 2  # linux/videodev2.h: VIDIOC_STREAMON, V4L2_BUF_TYPE_VIDEO_OUTPUT
_LOAD = "sudo modprobe v4l2loopback exclusive_caps=1 card_label=Puppet"
_HOW_TO = {
    "linux": f"sudo apt install v4l2loopback-dkms && {_LOAD}",
    "win32": "install OBS Studio (obsproject.com) and close its own virtual camera, or install UnityCapture",
    "darwin": "install OBS Studio 30 or newer, start its virtual camera once, allow the extension, log out and in",
}


def how_to_install() -> str:
    """How to get a virtual camera on this system."""
    return _HOW_TO.get(sys.platform, "this system has no virtual camera; use --sink FILE.mp4 or --sink window")


def has_virtual_camera(v4l: Path = V4L) -> bool:
    """Whether one can be opened. On Linux, looks for a v4l2loopback device in `v4l`; elsewhere, tries to open one."""
    if sys.platform == "linux":
        return any("virtual" in entry.resolve().parts for entry in v4l.glob("video*"))
    sink = VirtualCameraSink()
    try:
        sink.open((512, 512), 30.0)
    except SinkError:
        return False
    sink.close(complete=True)
    return True


class VirtualCameraSink:
    """`device`: such as /dev/video10 or "OBS Virtual Camera"; None: the first one found."""

    def __init__(self, device: str | None = None) -> None:
        self.name = f"virtual camera {device}" if device else "virtual camera"
        self._device = device
        self._camera: Any = None

    def open(self, size: tuple[int, int], fps: float) -> None:
        try:
            import pyvirtualcam
        except ImportError as error:
            raise SinkError(
                "the virtual camera needs pyvirtualcam", got=str(error), do="pip install pyvirtualcam"
            ) from error
        device = self._device
        if sys.platform == "linux" and device and not os.path.exists(device):
            raise SinkError(f"there is no virtual camera {device}", do=how_to_install())
        try:
            self._camera = pyvirtualcam.Camera(size[0], size[1], fps, fmt=pyvirtualcam.PixelFormat.RGB, device=device)
        except (
            RuntimeError,
            ValueError,
            OSError,
        ) as error:  # raised by its backends if there is none, or it is taken
            raise SinkError("no virtual camera can be opened", got=_one_line(error), do=_remedy(error)) from error
        self.name = f"virtual camera {self._camera.device}"
        if sys.platform == "linux":
            _announce_writer(self._camera.device)

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        try:
            self._camera.send(frame.image)
        except (RuntimeError, ValueError, OSError) as error:
            raise SinkError(f"{self.name} takes no more pictures", got=_one_line(error), do="start again") from error
        return True

    def close(self, *, complete: bool) -> None:
        if self._camera is not None:
            self._camera.close()
            self._camera = None


def _remedy(error: Exception) -> str:
    if sys.platform != "linux" or not has_virtual_camera():
        return how_to_install()
    if "permission" in str(error):
        return "sudo usermod -aG video $USER, then log out and in again"
    return f"close the program that sends to it, or reload it: sudo modprobe -r v4l2loopback && {_LOAD}"


def _announce_writer(device: str) -> None:
    """Tell v4l2loopback that the handle which pyvirtualcam has open is for writing.

    pyvirtualcam does not (its issue 61), and then v4l2loopback 0.12.5 to 0.12.7 with exclusive_caps=1 considers the
    device in use even after this process is gone, so it could be opened only once. Newer versions refuse the call and
    do not need it.
    """
    import fcntl

    for handle in Path("/proc/self/fd").iterdir():
        try:
            if os.path.realpath(handle) == os.path.realpath(device):
                fcntl.ioctl(int(handle.name), _STREAMON, _OUTPUT.to_bytes(4, sys.byteorder))
        except OSError:
            continue


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())

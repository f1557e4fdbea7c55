"""`CameraSource`: a webcam, by OpenCV. Opened again after a fault; BGR ends here."""

import sys
from collections.abc import Callable
from typing import Any

import cv2

from live.clock import Clock
from live.puppet.errors import CameraError
from live.puppet.values import U8, Frame
from live.sources.camera_list import CameraDevice, no_access

_BAD_READS = 3  # a USB hiccup loses one or two; after this many in a row the camera is opened again
_FPS = 30.0

Capture = Any  # cv2.VideoCapture, or a fake of it
OpenCapture = Callable[[int, tuple[int, int]], Capture]


def open_capture(index: int, size: tuple[int, int]) -> Capture:
    """A cv2.VideoCapture on camera `index`, asked for `size`, 30 fps, MJPG. It may not be opened: see `isOpened`."""
    backends = {"linux": (cv2.CAP_V4L2,), "win32": (cv2.CAP_DSHOW, cv2.CAP_MSMF), "darwin": (cv2.CAP_AVFOUNDATION,)}
    # Uncompressed 720p does not fit through USB 2 at 30 fps, so MJPG is asked for before the size.
    fourcc = cv2.VideoWriter.fourcc(*"MJPG")
    wishes = ((cv2.CAP_PROP_FOURCC, fourcc), (cv2.CAP_PROP_FRAME_WIDTH, size[0]), (cv2.CAP_PROP_FRAME_HEIGHT, size[1]))
    capture = cv2.VideoCapture()
    for backend in backends.get(sys.platform, (cv2.CAP_ANY,)):
        if capture.open(index, backend):
            for key, value in (*wishes, (cv2.CAP_PROP_FPS, _FPS), (cv2.CAP_PROP_BUFFERSIZE, 1)):
                capture.set(key, value)
            break
    return capture


class CameraSource:
    """A camera. `t_capture_s` is taken when the picture arrives, before it is decoded.

    Raises CameraError when it cannot be opened; `read` raises one when it stops giving pictures and cannot be opened
    again, and may be called later to try once more.
    """

    live = True

    def __init__(
        self, device: CameraDevice, size: tuple[int, int], clock: Clock, open_capture: OpenCapture = open_capture
    ) -> None:
        self.name, self.fps = f'camera {device.index} "{device.name}"', _FPS
        self._device, self._wanted, self._clock, self._open = device, size, clock, open_capture
        self._next_id = 0
        self._capture: Capture = None
        first = self._reopen()
        self.size = (int(first.shape[1]), int(first.shape[0]))

    def read(self) -> Frame | None:
        for _ in range(_BAD_READS if self._capture is not None else 0):
            if self._capture.grab():
                arrived_s = self._clock.now()
                good, bgr = self._capture.retrieve()
                if good and bgr is not None:
                    return self._frame(arrived_s, bgr)
        bgr = self._reopen()
        return self._frame(self._clock.now(), bgr)

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _frame(self, arrived_s: float, bgr: U8) -> Frame:
        image: U8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)  # type: ignore[assignment]
        frame = Frame(self._next_id, arrived_s, image)
        self._next_id += 1
        return frame

    def _reopen(self) -> U8:
        """Open the device; its first picture, BGR."""
        self.close()
        capture = self._open(self._device.index, self._wanted)
        good, bgr = capture.read() if capture.isOpened() else (False, None)
        if not good or bgr is None:
            capture.release()
            raise self._refused()
        self._capture = capture
        return bgr  # type: ignore[no-any-return]

    def _refused(self) -> CameraError:
        if no_access(self._device.index):
            return CameraError(
                f"no permission to use {self.name}", do="sudo usermod -aG video $USER, then log out and in again"
            )
        return CameraError(
            f"{self.name} gives no picture: it is in use by another program, or was unplugged",
            do="close the program that uses it (Zoom, OBS, a browser tab), or choose another one (see --list-cameras)",
        )

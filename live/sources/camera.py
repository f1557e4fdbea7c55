"""`CameraSource`: a webcam via OpenCV, reopened after a fault. BGR ends here."""

import os
import sys
import threading
from collections.abc import Callable
from typing import Any

import cv2

from engines.arrays import U8
from live.clock import Clock
from live.puppet.errors import CameraError
from live.puppet.values import Frame
from live.sources.camera_list import CameraDevice, find_again, no_access

_BAD_READS = 3  # a USB hiccup loses one or two; after this many in a row the camera is reopened
_FPS = 30.0
# On Linux OpenCV waits 10 s for a picture. Some cameras take 2 s for their first one, and the loop's end waits for 5.
_PATIENCE_S = 4
_ERRORS_ONLY = 2  # OpenCV's log level: while a camera is gone we report it ourselves, once, instead of its warnings

Capture = Any  # cv2.VideoCapture, or a fake of it
OpenCapture = Callable[[int, tuple[int, int]], Capture]
FindAgain = Callable[[CameraDevice], CameraDevice | None]


def open_capture(index: int, size: tuple[int, int]) -> Capture:
    """A cv2.VideoCapture on camera `index`, asked for `size`, 30 fps, MJPG. Opening may fail: check `isOpened`."""
    backends = {"linux": (cv2.CAP_V4L2,), "win32": (cv2.CAP_DSHOW, cv2.CAP_MSMF), "darwin": (cv2.CAP_AVFOUNDATION,)}
    # Uncompressed 720p does not fit through USB 2 at 30 fps, so MJPG is asked for before the size.
    fourcc = cv2.VideoWriter.fourcc(*"MJPG")
    os.environ.setdefault("OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT", str(_PATIENCE_S))  # read by the first capture
    cv2.setLogLevel(min(cv2.getLogLevel(), _ERRORS_ONLY))
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

    Raises CameraError if it cannot be opened. `read` raises it if the camera stops giving pictures and cannot be
    reopened; it may be called again later to retry. `close` may be called from another thread: it waits for a read in
    progress, and later reads return None.
    """

    live = True

    def __init__(
        self,
        device: CameraDevice,
        size: tuple[int, int],
        clock: Clock,
        open_capture: OpenCapture = open_capture,
        find_again: FindAgain = find_again,
    ) -> None:
        self.name, self.fps = f'camera {device.index} "{device.name}"', _FPS
        self._device, self._wanted, self._clock = device, size, clock
        self._open, self._find_again = open_capture, find_again
        self._next_id = 0
        self._capture: Capture = None
        self._reading = threading.Lock()  # OpenCV would free a capture while another thread still reads from it
        self._closed = False
        first = self._reopen()
        self.size = (int(first.shape[1]), int(first.shape[0]))

    def read(self) -> Frame | None:
        with self._reading:
            for _ in range(_BAD_READS if self._capture is not None else 0):
                start_s = self._clock.now()
                grabbed = self._capture.grab()
                arrived_s = self._clock.now()
                if grabbed and (bgr := _picture(self._capture)) is not None:
                    return self._frame(arrived_s, bgr)
                if arrived_s - start_s > _PATIENCE_S / 2 and not self._closed:  # not a hiccup: it waited in vain
                    self._release()
                    raise self._refused(self._device.index)
            if self._closed:
                return None
            bgr = self._reopen()
            return self._frame(self._clock.now(), bgr)

    def close(self) -> None:
        self._closed = True
        with self._reading:
            self._release()

    def _release(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def _frame(self, arrived_s: float, bgr: U8) -> Frame:
        image: U8 = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)  # type: ignore[assignment]
        frame = Frame(self._next_id, arrived_s, image)
        self._next_id += 1
        return frame

    def _reopen(self) -> U8:
        """Open the device; returns its first picture, BGR."""
        self._release()
        device = self._find_again(self._device)
        if device is None:
            raise CameraError(f"{self.name} was unplugged", do="plug it in again")
        capture = self._open(device.index, self._wanted)
        bgr = _picture(capture) if capture.isOpened() and capture.grab() else None
        if bgr is None:
            capture.release()
            raise self._refused(device.index)
        self._device, self._capture = device, capture
        return bgr

    def _refused(self, index: int) -> CameraError:
        if no_access(index):
            return CameraError(
                f"no permission to use {self.name}", do="sudo usermod -aG video $USER, then log out and in again"
            )
        return CameraError(
            f"{self.name} gives no picture: it is in use by another program, or was unplugged",
            do="close the program that uses it (Zoom, OBS, a browser tab), or choose another one (see --list-cameras)",
        )


def _picture(capture: Capture) -> U8 | None:
    """The grabbed picture, (H, W, 3) BGR; None if there is none."""
    good, bgr = capture.retrieve()
    if not good or bgr is None or bgr.ndim == 3:
        return bgr if good else None
    # OpenCV 4.11 returns what a camera itself calls BGR as one long row (opencv issue 27166, fixed in 4.12).
    width, height = int(capture.get(cv2.CAP_PROP_FRAME_WIDTH)), int(capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
    return bgr.reshape(height, width, 3) if bgr.size == height * width * 3 else None

"""`WindowSink`: the puppet in a window. Q, Esc or the close button ends it."""

import ctypes
import ctypes.util
import os
import sys

import cv2

from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame

_TITLE = "Everybody Dance Live"
_QUIT_KEYS = (ord("q"), ord("Q"), 27)


def has_screen() -> bool:
    """Whether a window can be opened. Without a screen, OpenCV's window library would end the whole program."""
    if sys.platform != "linux":
        return True
    if not os.environ.get("DISPLAY"):
        return False
    library = ctypes.util.find_library("X11")
    if library is None:
        return True
    x11 = ctypes.CDLL(library)
    x11.XOpenDisplay.restype = ctypes.c_void_p
    display = x11.XOpenDisplay(None)
    if display:
        x11.XCloseDisplay(ctypes.c_void_p(display))
    return bool(display)


class WindowSink:
    """A window the size of the canvas."""

    name = "window"
    needs_main_thread = True  # macOS and Qt allow no other thread

    def open(self, size: tuple[int, int], fps: float) -> None:
        if not has_screen():
            raise SinkError(
                "no screen to open a window on",
                got=f"DISPLAY={os.environ.get('DISPLAY', '')!r}",
                do="use --sink FILE.mp4",
            )
        try:
            cv2.namedWindow(_TITLE, cv2.WINDOW_AUTOSIZE)
        except cv2.error as error:  # a headless build of OpenCV
            raise SinkError(
                "this OpenCV cannot open windows", got=error.err, do="pip install opencv-contrib-python"
            ) from error

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        cv2.imshow(_TITLE, cv2.cvtColor(frame.image, cv2.COLOR_RGB2BGR))
        key = cv2.waitKey(1) & 0xFF
        return key not in _QUIT_KEYS and cv2.getWindowProperty(_TITLE, cv2.WND_PROP_VISIBLE) >= 1

    def close(self, *, complete: bool) -> None:
        try:
            cv2.destroyWindow(_TITLE)
        except cv2.error:
            return  # the user has closed it already

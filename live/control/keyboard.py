"""`open_keyboard`: reads single keys from the terminal, without Enter and without echo.

Ctrl-C works as usual. `close` restores the terminal; otherwise it is restored when the interpreter exits.
"""

import atexit
import importlib
import os
import select
import sys
import threading
from typing import Any, Protocol, TextIO

if sys.platform != "win32":
    import termios
    import tty


class Keyboard(Protocol):
    """Open until closed; closing twice does nothing."""

    def read(self, timeout_s: float) -> str:
        """The keys pressed since the last call; "" after `timeout_s` without any. Raises EOFError when input ends."""
        ...

    def close(self) -> None:
        """Restore the terminal. From any thread."""
        ...


def open_keyboard(stdin: TextIO | None) -> Keyboard | None:
    """The keyboard of the terminal `stdin`; None if it is not a terminal, or has no keyboard."""
    try:
        if stdin is None or not stdin.isatty():
            return None
        return WindowsKeyboard() if sys.platform == "win32" else PosixKeyboard(stdin.fileno())
    except (OSError, ValueError, EOFError, ImportError):  # closed, or not a real terminal
        return None


class PosixKeyboard:
    """The terminal behind the file descriptor `fd`. Raises OSError if it is not one.

    In the background (Ctrl-Z, bg) it neither reads nor changes the terminal, since the system would then stop the
    process; back in the foreground it goes on.
    """

    def __init__(self, fd: int) -> None:
        self._fd, self._lock, self._open = fd, threading.Lock(), True
        try:
            self._before: list[Any] = termios.tcgetattr(fd)
        except termios.error as error:
            raise OSError(str(error)) from error
        atexit.register(self.close)
        self._enter()

    def read(self, timeout_s: float) -> str:
        self._enter()
        try:
            ready = select.select([self._fd] if self._in_front() else [], [], [], timeout_s)[0]
            if not ready:
                return ""
            typed = os.read(self._fd, 64)
        except OSError as error:
            raise EOFError from error
        if not typed:
            raise EOFError
        # An arrow or function key is one escape sequence, whose letters do not count as keys.
        return "" if typed.startswith(b"\x1b") else typed.decode("ascii", "ignore")

    def close(self) -> None:
        with self._lock:
            if not self._open:
                return
            self._open = False
            atexit.unregister(self.close)
            try:
                if self._in_front():  # otherwise the shell has restored it already
                    termios.tcsetattr(self._fd, termios.TCSANOW, self._before)
            except termios.error:  # the terminal is gone
                return

    def _enter(self) -> None:
        """Set the terminal to single keys, again if the shell restored it while the process was stopped."""
        with self._lock:
            try:
                if self._open and self._in_front() and termios.tcgetattr(self._fd)[3] & termios.ICANON:
                    tty.setcbreak(self._fd, termios.TCSANOW)
            except termios.error as error:
                raise EOFError from error

    def _in_front(self) -> bool:
        try:
            return os.tcgetpgrp(self._fd) == os.getpgrp()
        except OSError:  # not our controlling terminal, so nothing to consider
            return True


class _Msvcrt(Protocol):
    def kbhit(self) -> bool: ...

    def getwch(self) -> str: ...


class WindowsKeyboard:
    """The Windows console via `msvcrt`, which reads single keys without changing any mode."""

    def __init__(self, console: "_Msvcrt | None" = None, pause: threading.Event | None = None) -> None:
        self._console: _Msvcrt = importlib.import_module("msvcrt") if console is None else console
        self._pause = pause or threading.Event()

    def read(self, timeout_s: float) -> str:
        if not self._console.kbhit():
            self._pause.wait(timeout_s)
        typed = ""
        while self._console.kbhit():
            key = self._console.getwch()
            if key in ("\x00", "\xe0"):  # an arrow or function key: its number follows
                self._console.getwch()
            else:
                typed += key
        return typed

    def close(self) -> None:
        self._pause.set()

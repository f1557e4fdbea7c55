"""`open_keyboard`: single keys from the terminal, without Enter and without an echo.

Ctrl-C stays what it is. The terminal is put back by `close`, and at the interpreter's end where nobody could call it.
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
        """The keys pressed since the last call, "" after `timeout_s` without any. Raises EOFError when there can be no
        more.
        """
        ...

    def close(self) -> None:
        """Put the terminal back as it was. From any thread."""
        ...


def open_keyboard(stdin: TextIO | None) -> Keyboard | None:
    """The keyboard of the terminal `stdin`; None where it is not a terminal, or has none."""
    try:
        if stdin is None or not stdin.isatty():
            return None
        return WindowsKeyboard() if sys.platform == "win32" else PosixKeyboard(stdin.fileno())
    except (OSError, ValueError, EOFError, ImportError):  # closed, or not a real one
        return None


class PosixKeyboard:
    """The terminal behind the file descriptor `fd`. Raises OSError when it is none.

    In the background (Ctrl-Z, bg) it neither reads nor changes the terminal, which the system would answer by stopping
    the process; back in front it goes on.
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
        # An arrow or function key is one escape sequence, whose letters are no keys.
        return "" if typed.startswith(b"\x1b") else typed.decode("ascii", "ignore")

    def close(self) -> None:
        with self._lock:
            if not self._open:
                return
            self._open = False
            atexit.unregister(self.close)
            try:
                if self._in_front():  # else the shell has put it back already
                    termios.tcsetattr(self._fd, termios.TCSANOW, self._before)
            except termios.error:  # the terminal is gone
                return

    def _enter(self) -> None:
        """Also after the shell has changed the terminal back, as it does when the process was stopped for a while."""
        with self._lock:
            try:
                if self._open and self._in_front() and termios.tcgetattr(self._fd)[3] & termios.ICANON:
                    tty.setcbreak(self._fd, termios.TCSANOW)
            except termios.error as error:
                raise EOFError from error

    def _in_front(self) -> bool:
        try:
            return os.tcgetpgrp(self._fd) == os.getpgrp()
        except OSError:  # not the terminal that governs us: nothing to mind
            return True


class _Msvcrt(Protocol):
    def kbhit(self) -> bool: ...

    def getwch(self) -> str: ...


class WindowsKeyboard:
    """The console of Windows, by `msvcrt`, which reads single keys without changing any mode."""

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

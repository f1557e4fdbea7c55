"""`run`: how our commands start, are stopped, and end as a process."""

import atexit
import contextlib
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from engines.system.streams import open_streams, terminal

STOPPED = 130  # the exit code for Ctrl-C and SIGTERM, as in shells
SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
_PATIENCE_S = 1.5  # how long everything has to end by itself, after a signal and after the exit code is known
_ONE_WISH_S = 0.3  # signals closer than this count as one: a terminal and a parent process may both pass it on
_AT_ONCE_S = 0.4  # how long a second signal leaves to finish the current file
_THREADS_S = 0.3  # how long threads that were told to end have for it
_IMPORT, _IMPORT_S = "<frozen importlib._bootstrap>", 0.02
_OWN = "process"  # the name of this file's threads


def run(main: Callable[[], int]) -> NoReturn:
    """Run `main`, and end the process with the exit code that it returns.

    Ctrl-C, SIGTERM and a closed terminal raise KeyboardInterrupt in `main`, and the exit code is STOPPED; if `main` has
    handlers of its own, those are called instead. A second signal ends the process at once, whatever it is doing. A
    thread or library that does not end by itself is left behind.
    """
    open_streams()
    watch = _Watch()
    watch.start()
    try:
        code = main()
    except KeyboardInterrupt:
        _tell("stopped")
        code = STOPPED
    except SystemExit as ended:
        if isinstance(ended.code, str):
            _tell(ended.code)
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
        code = 1
    watch.ends(code)
    _end(code)


def handle(handler: Callable[[int, FrameType | None], object]) -> None:
    """Call `handler` for Ctrl-C, SIGTERM and a closed terminal from now on. Main thread only."""
    for number in SIGNALS:
        if number in (signal.SIGINT, signal.SIGTERM) or signal.getsignal(number) is not signal.SIG_IGN:  # nohup
            signal.signal(number, handler)


class _Watch:
    """Watches for signals in its own thread, because Python calls handlers only between two of its instructions, and so
    not while a library computes.
    """

    def __init__(self) -> None:
        self._ours, self._theirs = socket.socketpair()
        self._theirs.setblocking(False)
        self._first_s = float("inf")
        self._again = 0  # how many signals we sent ourselves
        self._patience: threading.Timer | None = None

    def start(self) -> None:
        """Call it from the main thread, before anything else."""
        signal.set_wakeup_fd(self._theirs.fileno(), warn_on_full_buffer=False)
        handle(self._interrupt)
        threading.Thread(target=self._run, name=_OWN, daemon=True).start()

    def ends(self, code: int) -> None:
        """The exit code is known: from now on wait for the end. A second signal still counts."""
        handle(_nothing)
        self._wait(code)

    def _run(self) -> None:
        while numbers := self._ours.recv(64):
            if not {int(number) for number in SIGNALS} & set(numbers):
                continue  # something else, such as a resized terminal
            if self._again:
                self._again -= 1
                continue
            now = time.monotonic()
            if self._first_s == float("inf"):
                self._first_s = now
                if signal.getsignal(numbers[0]) == self._interrupt:
                    self._wait(STOPPED)
            elif now - self._first_s > _ONE_WISH_S:
                time.sleep(_AT_ONCE_S)
                _leave(STOPPED)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt, but not during an import: compiled libraries would turn it into "cannot be
        imported", and the user would be told that.
        """
        if not _imports(frame):
            raise KeyboardInterrupt
        later = threading.Timer(_IMPORT_S, self._send_again, [number])
        later.name, later.daemon = _OWN, True
        later.start()

    def _send_again(self, number: int) -> None:
        self._again += 1
        signal.raise_signal(number)

    def _wait(self, code: int) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._patience = threading.Timer(_PATIENCE_S, _leave, [code])
        self._patience.name, self._patience.daemon = _OWN, True
        self._patience.start()


def _imports(frame: FrameType | None) -> bool:
    """Whether a module is being imported in `frame` or one of its callers."""
    while frame is not None:
        if frame.f_code.co_filename == _IMPORT:
            return True
        frame = frame.f_back
    return False


def _nothing(number: int, frame: FrameType | None) -> None:
    """Ignore the signal: the process is already ending."""


def _end(code: int) -> NoReturn:
    """End with `code`, once the threads that were told to end have ended or had their time."""
    _flush()
    until_s = time.monotonic() + _THREADS_S
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and thread.name != _OWN:
            thread.join(max(0.0, until_s - time.monotonic()))
    _leave(code)


def _leave(code: int) -> NoReturn:
    """Run the exit handlers, which restore the terminal and remove temporary folders, then end at once.

    The interpreter is not shut down: with our libraries that takes a second on an idle machine, frees nothing that the
    system would not free, and may crash if a thread is still computing in one of them.
    """
    last = threading.Timer(1.0, os._exit, [code])
    last.daemon = True
    last.start()
    if code == STOPPED:
        _tell("stopped")
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    _flush()
    os._exit(code)


_told: set[str] = set()


def _tell(text: str) -> None:
    if text not in _told:
        _told.add(text)
        with contextlib.suppress(OSError):
            os.write(terminal(), f"{text}\n".encode(errors="backslashreplace"))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # the interrupted code may hold a lock
            stream.flush()

"""The standard streams of a process: there in any case, and never a reason to fail."""

import errno
import io
import os
import sys
from typing import Any, TextIO

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_terminal = _STDERR


def open_streams() -> None:
    """Make stdin, stdout and stderr usable, whatever the process was started with.

    One that is closed leads to nowhere: else the next file that is opened would get its number, and be written into by
    every library that complains. One that cannot be written any more, because its disk is full or its reader is gone,
    takes what it is given and drops it.
    """
    global _terminal
    for number in (_STDIN, _STDOUT, _STDERR):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest number that is free: this one
            os.set_inheritable(number, True)
    _terminal = os.dup(_STDERR)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")
    sys.stdout = _lenient(_STDOUT, sys.stdout)
    sys.stderr = _lenient(_terminal, sys.stderr)  # a copy: what we say is not held back with a library's chatter


def terminal() -> int:
    """The file descriptor on which the user is told something in any case."""
    return _terminal


class _Lenient(io.RawIOBase):
    """Writes to a file descriptor until that fails, and to nowhere from then on."""

    def __init__(self, number: int) -> None:
        self._number, self._gone = number, False

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._number

    def isatty(self) -> bool:
        return os.isatty(self._number)

    def write(self, data: Any) -> int:
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while left and not self._gone:
                left = left[os.write(self._number, left) :]
        except OSError as error:
            self._gone = True
            if self._number == _STDOUT and error.errno != errno.EPIPE:  # whoever has read enough goes away: no fault
                print(f"the output cannot be written any more: {error.strerror}", file=sys.stderr)
        return size


def _lenient(number: int, stream: TextIO | None) -> TextIO:
    if stream is not None:
        buffer = getattr(stream, "buffer", None)
        if not isinstance(getattr(buffer, "raw", buffer), io.FileIO):
            return stream  # a console of Windows, which is written to in another way
        stream.flush()
    encoding = "utf-8" if stream is None else stream.encoding
    # A file name may hold any bytes, and a terminal may lack letters: they are shown in some way.
    return io.TextIOWrapper(
        io.BufferedWriter(_Lenient(number)), encoding=encoding, errors="backslashreplace", line_buffering=True
    )

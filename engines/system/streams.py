"""The standard streams of a process: always there, and never a reason to fail."""

import errno
import io
import os
import sys
from typing import Any, TextIO

_STDIN, _STDOUT, _STDERR = 0, 1, 2
_terminal = _STDERR


def open_streams() -> None:
    """Make stdin, stdout and stderr usable, whatever the process was started with.

    A closed stream is opened on the null device: otherwise the next file that is opened would get its number, and
    libraries would write their complaints into it. A stream that can no longer be written, because its disk is full or
    its reader is gone, drops what it is given.
    """
    global _terminal
    for number in (_STDIN, _STDOUT, _STDERR):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # it gets the lowest free number, which is this one
            os.set_inheritable(number, True)
    _terminal = os.dup(_STDERR)
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")
    sys.stdout = _lenient(_STDOUT, sys.stdout)
    sys.stderr = _lenient(_terminal, sys.stderr)  # a copy: silencing a library's chatter must not silence us


def terminal() -> int:
    """The file descriptor for messages that the user must see."""
    return _terminal


class _Lenient(io.RawIOBase):
    """Writes to a file descriptor until that fails, and nowhere from then on."""

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
            if self._number == _STDOUT and error.errno != errno.EPIPE:  # a reader that has read enough may leave
                print(f"the output can no longer be written: {error.strerror}", file=sys.stderr)
        return size


def _lenient(number: int, stream: TextIO | None) -> TextIO:
    if stream is not None:
        buffer = getattr(stream, "buffer", None)
        if not isinstance(getattr(buffer, "raw", buffer), io.FileIO):
            return stream  # a Windows console, which is written to differently
        stream.flush()
    encoding = "utf-8" if stream is None else stream.encoding
    # File names may hold any bytes, and a terminal may lack letters: escape what cannot be shown.
    return io.TextIOWrapper(
        io.BufferedWriter(_Lenient(number)), encoding=encoding, errors="backslashreplace", line_buffering=True
    )

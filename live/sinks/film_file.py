"""`FilmFile`: the file that a video is written to, under its own name from the first complete piece on.

Whatever ends the program (a kill, a full disk, a power cut), the file then holds a playable beginning of the video.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import BinaryIO

from live.puppet.errors import SinkError


class FilmFile:
    """Written to by PyAV. Nothing reaches the disk before `commit`, so that no piece is ever written by half.

    `path` is claimed at the first commit. An existing file of that name is moved aside (`before`) and stays there until
    `close`; if another program is writing it, SinkError is raised. All methods raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self.before: Path | None = None
        self._path = path
        self._file: BinaryIO | None = None
        self._whole = 0  # bytes already on the disk
        self._at = 0
        self._tail = bytearray()  # what follows them
        self._patches: list[tuple[int, bytes]] = []  # changes to them

    @property
    def begun(self) -> bool:
        """Whether any of it is on the disk."""
        return self._whole > 0

    def write(self, data: bytes) -> int:
        """As for a file."""
        if self._at < self._whole:
            self._patches.append((self._at, bytes(data)))
        else:
            start = self._at - self._whole
            self._tail[start : start + len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As for a file."""
        self._at = offset + (0, self._at, self._whole + len(self._tail))[whence]
        return self._at

    def tell(self) -> int:
        """As for a file."""
        return self._at

    def commit(self) -> None:
        """Write the data so far, a complete piece, to the disk. On an error, the file stays as it was."""
        if self._file is None:
            self._file = self._claimed()
        try:
            _write_all(self._file, self._whole, self._tail)
            if self._patches:  # they describe the tail, which therefore has to be on the disk first
                os.fsync(self._file.fileno())
            for offset, data in self._patches:
                _write_all(self._file, offset, data)
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(self._whole)
            if self._whole == 0:
                self.discard()
            raise
        self._whole += len(self._tail)
        self._tail.clear()
        self._patches.clear()

    def close(self, *, complete: bool) -> None:
        """Close the file; `complete`: the file that had the name before is no longer needed."""
        file, self._file = self._file, None
        if file is None:
            return
        with file:
            os.fsync(file.fileno())
        if complete and self.before is not None:
            self.before.unlink()
            self.before = None

    def discard(self) -> None:
        """Restore everything as it was; used while no piece is on the disk."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
            self._path.unlink()
        if self.before is not None and not os.path.lexists(self._path):
            self.before.rename(self._path)
            self.before = None

    def _claimed(self) -> BinaryIO:
        """The file: new, empty and locked. The system drops the lock when this program ends, however it ends."""
        if os.path.lexists(self._path):
            self.before = _move_aside(self._path)
        try:
            file = self._path.open("xb", buffering=0)
        except FileExistsError as error:  # another program was faster
            raise taken(self._path) from error
        except OSError:
            self.discard()
            raise
        if not _lock(file) or not os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
            file.close()
            raise taken(self._path)
        return file


def taken(path: Path) -> SinkError:
    """The error for a file that is not ours to write."""
    return SinkError(
        f"cannot write {path}", got="another program or another output is writing it now", do="choose another file"
    )


def is_taken(path: Path) -> bool:
    """Whether a video is being written to `path` now, by this program or another one."""
    if sys.platform == "win32":
        return False  # there, moving a file aside fails while it is being written
    with contextlib.suppress(OSError), path.open("rb") as file:
        return not _lock(file)
    return False


def _move_aside(path: Path) -> Path:
    """Move the file to a similar name that is free."""
    if is_taken(path):
        raise taken(path)
    number = 1
    while True:
        aside = path.with_stem(f"{path.stem}-before" + (f"-{number}" if number > 1 else ""))
        try:
            aside.open("xb").close()  # now the name is ours, and nobody's file is replaced
        except FileExistsError:
            number += 1
            continue
        try:
            path.replace(aside)
        except PermissionError as error:  # on Windows: it is open somewhere
            aside.unlink()
            raise taken(path) from error
        return aside


def _lock(file: BinaryIO) -> bool:
    """False if somebody else has locked it. On a file system without locks, always True."""
    if sys.platform == "win32":
        return True  # a file open for writing is locked there
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _write_all(file: BinaryIO, offset: int, data: bytes | bytearray) -> None:
    file.seek(offset)
    left = memoryview(bytes(data))
    while left:
        left = left[file.write(left) :]

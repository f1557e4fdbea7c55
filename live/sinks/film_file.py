"""`FilmFile`: the file that a video is written to, under its own name from the first whole piece on.

Whatever ends the program (a kill, a full disk, a power cut), what is there then is a beginning of the video that plays.
"""

import contextlib
import os
import sys
from pathlib import Path
from typing import BinaryIO

from live.puppet.errors import SinkError


class FilmFile:
    """Written to by PyAV; nothing reaches the disk before `commit`, so that no piece is ever there by half.

    `path` is claimed at the first commit. A file that has the name by then is moved aside (`before`) and stays there
    until `close`; one that another program is writing raises SinkError. All raise OSError.
    """

    def __init__(self, path: Path) -> None:
        self.before: Path | None = None
        self._path = path
        self._file: BinaryIO | None = None
        self._whole = 0  # so many bytes of it are on the disk
        self._at = 0
        self._tail = bytearray()  # what comes after those
        self._patches: list[tuple[int, bytes]] = []  # what is to be changed in those

    @property
    def begun(self) -> bool:
        """Whether any of it is on the disk."""
        return self._whole > 0

    def write(self, data: bytes) -> int:
        """As of a file."""
        if self._at < self._whole:
            self._patches.append((self._at, bytes(data)))
        else:
            start = self._at - self._whole
            self._tail[start : start + len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """As of a file."""
        self._at = offset + (0, self._at, self._whole + len(self._tail))[whence]
        return self._at

    def tell(self) -> int:
        """As of a file."""
        return self._at

    def commit(self) -> None:
        """What was written so far is a whole piece: to the disk with it. On an error, what was there is still whole."""
        if self._file is None:
            self._file = self._claimed()
        try:
            _write_all(self._file, self._whole, self._tail)
            if self._patches:  # they say what the tail holds, so that has to be there first
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
        """End it; `complete`: the file that had the name before is not needed any more."""
        file, self._file = self._file, None
        if file is None:
            return
        with file:
            os.fsync(file.fileno())
        if complete and self.before is not None:
            self.before.unlink()
            self.before = None

    def discard(self) -> None:
        """Not one piece of it is on the disk: leave everything as it was."""
        file, self._file = self._file, None
        if file is not None:
            file.close()
            self._path.unlink()
        if self.before is not None and not os.path.lexists(self._path):
            self.before.rename(self._path)
            self.before = None

    def _claimed(self) -> BinaryIO:
        """The file, new, empty and locked, which the system forgets when this program ends, however it ends."""
        if os.path.lexists(self._path):
            self.before = _move_aside(self._path)
        try:
            file = self._path.open("xb", buffering=0)
        except FileExistsError as error:  # another program was quicker
            raise taken(self._path) from error
        except OSError:
            self.discard()
            raise
        if not _lock(file) or not os.path.samestat(os.fstat(file.fileno()), self._path.stat()):
            file.close()
            raise taken(self._path)
        return file


def taken(path: Path) -> SinkError:
    """For a file that is not ours to write."""
    return SinkError(
        f"cannot write {path}", got="another program, or another output, is writing it now", do="choose another file"
    )


def is_taken(path: Path) -> bool:
    """Whether a video is being written to `path` now, by this program or another one."""
    if sys.platform == "win32":
        return False  # there a file that is being written cannot be moved aside, which is tried
    with contextlib.suppress(OSError), path.open("rb") as file:
        return not _lock(file)
    return False


def _move_aside(path: Path) -> Path:
    """To a name like it that is free."""
    if is_taken(path):
        raise taken(path)
    number = 1
    while True:
        aside = path.with_stem(f"{path.stem}-before" + (f"-{number}" if number > 1 else ""))
        try:
            aside.open("xb").close()  # now the name is ours, and nothing of anybody's is replaced
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
    """False where somebody has locked it. Where a file system knows no locks nothing is kept from anybody."""
    if sys.platform == "win32":
        return True  # a file that is open for writing is locked there
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

"""`held`: a lock file that one program holds at a time. It is released when the program ends, however it ends."""

import contextlib
import errno
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from engines.errors import EngineError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_FAR = 1 << 30  # the byte to lock on Windows, where a locked byte cannot be read; the process number stands at 0
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # from a disk without locks


class LockError(EngineError):
    """Another program holds the lock."""


@contextlib.contextmanager
def held(path: Path, what: str, *, surely: bool = False) -> Iterator[None]:
    """Hold the lock file `path` while the block runs, then remove it. `what` names the locked thing in the message.

    Raises LockError, with the number of the process that holds it, and OSError where the file cannot be made. On a disk
    without locks (some network disks) everybody gets it; with `surely`, nobody does.
    """
    while (handle := _opened(path, what, surely)) is None:
        pass
    try:
        os.ftruncate(handle, 0)
        os.write(handle, str(os.getpid()).encode())
        yield
    finally:
        _let_go(handle, path)


def _opened(path: Path, what: str, surely: bool) -> int | None:
    """The locked file; None when its previous holder removed it while we were taking it."""
    handle = os.open(path, _FLAGS, 0o644)
    try:
        if not _locked(handle, surely):
            pid = os.pread(handle, 20, 0) if hasattr(os, "pread") else os.read(handle, 20)
            number = pid.decode(errors="replace")
            raise LockError(
                f"another program is working on {what}",
                got=f"process {number}" if number.isdecimal() else "",
                do="wait until it has ended, or choose another name",
            )
        with contextlib.suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(handle), os.stat(path, follow_symlinks=False)):
                return handle
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _locked(handle: int, surely: bool) -> bool:
    try:
        if sys.platform == "win32":
            os.lseek(handle, _FAR, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        if surely or error.errno not in _NO_LOCKS:
            raise
    return True


def _let_go(handle: int, path: Path) -> None:
    """Remove the file while it is still locked, so that nobody can lock a file that is gone. Windows cannot remove an
    open file, so there it is removed after closing.
    """
    with contextlib.suppress(OSError):
        if sys.platform != "win32":
            path.unlink()
    os.close(handle)
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            path.unlink()

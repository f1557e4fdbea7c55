"""`held`: a lock file that one program has at a time. It is gone when its program ends, however that ends."""

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

_FAR = 1 << 30  # byte of the lock on Windows, where a locked one cannot be read: the number stands at 0
_FLAGS = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # what a disk says that has none


class LockError(EngineError):
    """Another program has it."""


@contextlib.contextmanager
def held(path: Path, what: str, *, surely: bool = False) -> Iterator[None]:
    """Hold the lock file `path` while the block runs; then it is removed. `what` is locked, for the message.

    Raises LockError, with the number of the process that has it, and OSError where no such file can be made. A disk
    that knows no locks (some in a network) gives it to everybody; with `surely` to nobody.
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
    """The locked file; None when it was removed by the one who had it while we took it."""
    handle = os.open(path, _FLAGS, 0o644)
    try:
        if not _locked(handle, surely):
            pid = os.pread(handle, 20, 0) if hasattr(os, "pread") else os.read(handle, 20)
            number = pid.decode(errors="replace")
            raise LockError(
                f"another program is at work on {what}",
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
    """Removed while it is still held, so that nobody has locked a file that is no longer there; Windows removes no
    open file, and so needs no such care.
    """
    with contextlib.suppress(OSError):
        if sys.platform != "win32":
            path.unlink()
    os.close(handle)
    with contextlib.suppress(OSError):
        if sys.platform == "win32":
            path.unlink()

"""`write_whole`, `whole_file`: write a file that appears whole under its name, or not at all."""

import contextlib
import os
import re
import secrets
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

# Never an existing file, never through a link, no Windows line ends.
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_SHOWN = 60  # characters of the file's name that go into the unfinished one's, which has to fit into 255 bytes


def write_whole(path: Path, content: bytes, *, shared: bool = False) -> None:
    """Write `content` to `path`; see `whole_file`."""
    with whole_file(path, shared=shared) as file:
        file.write(content)


@contextlib.contextmanager
def whole_file(path: Path, *, shared: bool = False) -> Iterator[IO[bytes]]:
    """A file to write, which replaces `path` when the block ends well; until then the old file stays.

    It is first written to an unfinished file in the same folder, under a name that nobody can guess; a Ctrl-C does not
    leave that behind. A link is replaced, not the file it leads to. `shared`: readable by everyone whom the user's
    umask allows, otherwise only by its owner. Raises OSError.
    """
    unfinished = path.with_name(_prefix(path) + secrets.token_hex(4))
    handle = os.open(unfinished, _NEW, 0o666 if shared else 0o600)
    try:
        with open(handle, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())  # otherwise a power cut may leave an empty file under the new name
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def clear_unfinished(path: Path, *, older_than_s: float = 0.0) -> None:
    """Remove unfinished files of `path` left by killed programs, if older than this. 0: nobody else may be writing."""
    left = re.compile(re.escape(_prefix(path)) + "[0-9a-z_]{8}")
    with contextlib.suppress(OSError):
        for entry in os.scandir(path.parent):
            if left.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
                if time.time() - entry.stat().st_mtime >= older_than_s:
                    os.unlink(entry.path)


def _prefix(path: Path) -> str:
    return f".{path.name[:_SHOWN]}-"

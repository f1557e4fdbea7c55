"""Whether two paths are the same file, however they are spelled, and whether a command would overwrite its input."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

Named = tuple[str, Path]
"""(what the user calls it, such as "--sink"; its path)."""


def same_file(one: Path, other: Path) -> bool:
    """Whether both are the same file or folder, also through links of either kind or in another spelling.

    If neither exists yet, names that differ only in case count as the same, as they are on many systems.
    """
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # one of them does not exist, or is not a valid path
        return not (os.path.exists(one) or os.path.exists(other)) and _spelled(one) == _spelled(other)


def lies_in(path: Path, folder: Path) -> bool:
    """Whether `path` really is the folder or lies in it, with links resolved. Neither has to exist."""
    whole = Path(os.path.realpath(path))  # unlike resolve, it can take loops of links
    return any(same_file(part, folder) for part in (whole, *whole.parents))


def collision(reads: Sequence[Named], writes: Sequence[Named], *, closed: Sequence[Named] = ()) -> str | None:
    """Why a command that reads `reads` must not write `writes`, for a usage message; None if it may.

    A folder that is written counts as replaced as a whole. `closed`: folders that are read, and into which nothing may
    be written.
    """
    for number, (flag, path) in enumerate(writes):
        for other, read in (*reads, *closed):
            if lies_in(read, path):
                return f"{flag} {path} would overwrite {other} {read}: give another name"
        for other, folder in closed:
            if lies_in(path, folder):
                return f"{flag} {path} lies in {other} {folder}, where nothing may be written: give another name"
        for other, written in writes[:number]:
            if lies_in(path, written) or lies_in(written, path):
                return f"{flag} {path} and {other} {written} are in each other's way: give another name"
    return None


def _spelled(path: Path) -> str:
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()

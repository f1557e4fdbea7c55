"""Whether two paths are one file, however they are spelled, and whether a command would write over what it reads."""

import os
import unicodedata
from collections.abc import Sequence
from pathlib import Path

Named = tuple[str, Path]
"""What the user calls it, such as "--sink", and the path."""


def same_file(one: Path, other: Path) -> bool:
    """Whether both are one file or folder: also by links of either kind, and in another spelling.

    Of two that are not there yet, names that differ in case alone count as one: on many systems they are.
    """
    try:
        return os.path.samefile(one, other)
    except (OSError, ValueError):  # one of them is not there, or is no path at all
        return not (os.path.exists(one) or os.path.exists(other)) and _spelled(one) == _spelled(other)


def lies_in(path: Path, folder: Path) -> bool:
    """Whether `path` is the folder or in it, by its real place; neither has to be there."""
    whole = Path(os.path.realpath(path))  # unlike resolve, it bears loops of links
    return any(same_file(part, folder) for part in (whole, *whole.parents))


def collision(reads: Sequence[Named], writes: Sequence[Named], *, closed: Sequence[Named] = ()) -> str | None:
    """Why a command that reads `reads` must not write `writes`, for a usage message; None when nothing is in the way.

    What is written, if it is a folder, is taken to be replaced as a whole. `closed`: folders that are read, and into
    which nothing is to be written.
    """
    for number, (flag, path) in enumerate(writes):
        for other, read in (*reads, *closed):
            if lies_in(read, path):
                return f"{flag} {path} would be written over {other} {read}: give another name"
        for other, folder in closed:
            if lies_in(path, folder):
                return f"{flag} {path} lies in {other} {folder}, where nothing is to be written: give another name"
        for other, written in writes[:number]:
            if lies_in(path, written) or lies_in(written, path):
                return f"{flag} {path} and {other} {written} are in each other's way: give another name"
    return None


def _spelled(path: Path) -> str:
    return unicodedata.normalize("NFC", os.path.realpath(path)).casefold()

"""`whole_folder`: write a folder that appears whole under its name, or not at all. Replaces only this program's own.

Every folder made here holds a marker that says of which kind it is and which files were written into it. A folder that
holds anything else is never replaced, moved or removed.
"""

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from engines.errors import EngineError
from engines.system.json_file import read_json
from engines.system.lock import LockError, held

MARKER = ".everybody-dance-live.json"
PROGRAM = "everybody-dance-live"
_PREFIX, _SUFFIX = ".edl-", ".part"
_LOCK, _NEW, _OLD = "lock", "new", "old"
_LARGEST_MARKER = 1 << 20  # bytes
_OF_SYSTEMS = {".ds_store", "thumbs.db", "desktop.ini", ".directory"}  # left by file managers
_YOUNG_S = 10.0
_TOLD = 3  # foreign files that a message names

# Gives the files that a version without markers wrote into this folder; none if the folder is not of that kind.
Older = Callable[[Path], Collection[str]]


class FolderError(EngineError):
    """A folder is left as it is, because something in it is not ours."""


def check_place(place: Path, kind: str, older: Older) -> None:
    """Raises FolderError unless `place` is free, empty, or holds one of our folders of this `kind` and nothing else."""
    if place.is_symlink():
        raise _refused(place, "a link", do="give the folder itself, or choose another name")
    if not os.path.lexists(place):
        return
    if not place.is_dir():
        raise _refused(place, "a file")
    marker = read_marker(place)
    if marker is not None and marker.get("kind") != kind:
        raise _refused(place, f"a {marker.get('kind')}, not a {kind}")
    ours = older(place) if marker is None else marker.get("files", ())
    others = foreign(place, {MARKER, *ours})
    if named := list(islice(others, _TOLD)):
        more = sum(1 for _ in islice(others, 1000))
        raise _refused(place, ", ".join(named) + (f" and {more} more" if more else ""))


@contextlib.contextmanager
def whole_folder(place: Path, kind: str, older: Older) -> Iterator[Path]:
    """An empty folder to fill. When the block ends well it replaces `place`, marked as a `kind`.

    The old folder is moved aside in the last step, and put back if that fails. Before anything else, leftovers of
    killed programs beside it are removed. Raises FolderError (see `check_place`) and LockError before anything is
    written, and OSError.
    """
    check_place(place, kind, older)
    place.parent.mkdir(parents=True, exist_ok=True)
    clear(place.parent)
    with held(place.with_name(f".{place.name}.lock"), str(place)), unfinished(place.parent, name=place.name) as new:
        yield new
        mark(new, kind)
        _to_disk(new)
        check_place(place, kind, older)
        exchange(new, place)


@contextlib.contextmanager
def unfinished(parent: Path, *, name: str = "") -> Iterator[Path]:
    """An empty folder below `parent`, under a hidden name that nobody can guess; it is removed when the block ends.

    `name`: of the folder that it will become. If the program is killed, `clear` removes it later.
    """
    whole = Path(tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX, dir=parent))
    try:
        with held(whole / _LOCK, str(whole)):
            _write_marker(whole, {"kind": "unfinished folder", "name": name})
            (whole / _NEW).mkdir()
            yield whole / _NEW
    finally:
        if not (whole / _OLD).exists() or os.path.lexists(parent / name):  # else `clear` will put the old one back
            shutil.rmtree(whole, ignore_errors=True)


def exchange(new: Path, place: Path) -> None:
    """Move `new`, from `unfinished`, to `place`. The old folder is removed with the rest, or put back on failure."""
    old = new.with_name(_OLD)
    try:
        if os.path.lexists(place):
            os.rename(place, old)
        os.rename(new, place)
    except BaseException:
        if os.path.lexists(old) and not os.path.lexists(place):
            os.rename(old, place)
        raise


def clear(parent: Path) -> None:
    """Remove the unfinished folders of killed programs from `parent`, and finish an exchange that was cut short. What a
    running program holds, and what cannot be removed, is left.
    """
    with contextlib.suppress(OSError):
        for whole in sorted(parent.glob(f"{_PREFIX}*{_SUFFIX}")):
            with contextlib.suppress(OSError, LockError):
                if whole.is_dir() and not whole.is_symlink():
                    _clear(whole)


def mark(folder: Path, kind: str) -> None:
    """Write the marker: this folder, with all that is in it now, is one of our folders of this `kind`."""
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir())
    _write_marker(folder, {"kind": kind, "files": [name for name in files if name != MARKER]})


def read_marker(folder: Path) -> dict[str, Any] | None:
    """What `mark` wrote; None if there is no marker of ours."""
    path = folder / MARKER
    try:
        if path.is_symlink():
            return None
        marker = read_json(path, largest=_LARGEST_MARKER)
        if not isinstance(marker, dict) or marker.get("program") != PROGRAM:
            return None
        files = marker.get("files", [])
        return marker if isinstance(files, list) and all(isinstance(name, str) for name in files) else None
    except (OSError, ValueError):
        return None


def foreign(folder: Path, ours: Collection[str]) -> Iterator[str]:
    """What lies in `folder` and is not one of the files named in `ours`; links always are foreign."""
    above = {parent for name in ours for parent in _parents(name)}
    for at, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted(files) + folders[:]:
            path = Path(at, name)
            inside = path.relative_to(folder).as_posix()
            known = above if name in folders else ours
            if path.is_symlink() or (inside not in known and name.lower() not in _OF_SYSTEMS):
                yield inside
                if name in folders:
                    folders.remove(name)  # name the folder, not everything in it


def _refused(place: Path, got: str, do: str = "") -> FolderError:
    return FolderError(
        f"{place} is left as it is: it holds something that this program did not make",
        got=got,
        wanted="a free name, or the name of something that this program made",
        do=do or "choose another name",
    )


def _parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[:i]) for i in range(1, len(parts))]


def _write_marker(folder: Path, values: dict[str, Any]) -> None:
    handle = os.open(folder / MARKER, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0), 0o644)
    with open(handle, "w", encoding="utf-8") as file:
        json.dump({"program": PROGRAM, **values}, file, indent=1)


def _clear(whole: Path) -> None:
    marker, inside = read_marker(whole), {path.name for path in whole.iterdir()}
    if not inside <= {_LOCK, MARKER, _NEW, _OLD} or (marker is None and _NEW in inside):
        return  # not ours, or no longer
    if marker is None and time.time() - whole.stat().st_mtime < _YOUNG_S:
        return  # its program may not have locked it yet
    with contextlib.ExitStack() as locks:
        locks.enter_context(held(whole / _LOCK, str(whole), surely=True))
        name = "" if marker is None else str(marker.get("name", ""))
        if name and _OLD in inside and Path(name).name == name:
            place = whole.with_name(name)
            locks.enter_context(held(place.with_name(f".{name}.lock"), str(place)))
            if not os.path.lexists(place):
                os.rename(whole / (_NEW if _NEW in inside else _OLD), place)
        locks.callback(shutil.rmtree, whole, ignore_errors=True)


def _to_disk(folder: Path) -> None:
    """Flush every file: otherwise a power cut may leave empty files under the new names, with the old folder gone."""
    for path in folder.rglob("*"):
        if path.is_file() and os.name == "posix":
            handle = os.open(path, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

"""Removes what older versions left behind when they were killed, but only what is certainly theirs."""

import contextlib
import os
import re
import shutil
import time
from collections.abc import Callable, Collection
from pathlib import Path

from filelock import FileLock, Timeout

from engines.system.whole_folder import foreign

_BUILD = re.compile(r"([0-9a-f]{32})\.[a-z0-9_]{8}")  # in the cache: a key's hash, and what mkdtemp adds
_EXPORT = re.compile(r"\.(.+)-(old|[a-z0-9_]{8})")
_EXPORTED = re.compile(
    r"manifest\.json|\.manifest\.json-[a-z0-9_]{8}|(atlas|idle)\.npz|poster\.jpg(\.part)?|face\.onnx"
)
_OF_TAKES = re.compile(r"plate_[^/]+\.jpg(\.part)?|generator\.[a-z0-9]+\.onnx")
_LONG_S = 3600.0  # no export takes that


def clear_older_builds(cache: Path) -> None:
    """Remove unfinished engines from the cache's folder, except those that a running program is building."""
    for left in _folders(cache, _BUILD):
        name = left.name.partition(".")[0]
        with contextlib.suppress(OSError, Timeout), FileLock(cache / f"{name}.lock", timeout=0):
            shutil.rmtree(left, ignore_errors=True)


def clear_older_exports(targets: Path, files_of: Callable[[Path], Collection[str]]) -> None:
    """Remove unfinished and replaced bundles from a folder of targets. One whose replacement never came is put back.

    `files_of` gives the files of a whole bundle, or nothing if the folder is not one.
    """
    for left in _folders(targets, _EXPORT):
        name, kind = _EXPORT.fullmatch(left.name).groups()  # type: ignore[union-attr]
        with contextlib.suppress(OSError):
            if kind == "old" and (files := files_of(left)) and next(foreign(left, files), None) is None:
                if os.path.lexists(targets / name):
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    os.rename(left, targets / name)
            elif kind != "old" and _is_unfinished(left):
                shutil.rmtree(left, ignore_errors=True)


def _folders(parent: Path, named: re.Pattern[str]) -> list[Path]:
    with contextlib.suppress(OSError):
        found = [entry for entry in os.scandir(parent) if named.fullmatch(entry.name)]
        return sorted(Path(entry.path) for entry in found if entry.is_dir(follow_symlinks=False))
    return []


def _is_unfinished(bundle: Path) -> bool:
    """Whether it is old, holds the first file that an export writes, and nothing but an export's files."""
    names = {path.name for path in bundle.iterdir()}
    known = {name for name in names if _EXPORTED.fullmatch(name) or _OF_TAKES.fullmatch(name)}
    old = all(time.time() - path.stat().st_mtime > _LONG_S for path in (bundle, *bundle.iterdir()))
    return "atlas.npz" in names and next(foreign(bundle, known), None) is None and old

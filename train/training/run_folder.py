"""A run's folder: ours or empty, and one program's at a time."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from engines.system.lock import held
from engines.system.whole_file import clear_unfinished
from engines.system.whole_folder import MARKER, FolderError, check_place, mark, read_marker
from train.errors import TrainError
from train.report import curves, report
from train.training import checkpoint, face_checkpoint

KIND = "run"
CONFIG = "config.json"
_LOCK = ".lock"
# What only a run has; a config.json alone is many a program's.
_KNOWN_BY = (checkpoint.NAME, face_checkpoint.NAME, curves.TRAINING)
_WRITTEN = (
    CONFIG,
    checkpoint.NAME,
    checkpoint.BEST,
    face_checkpoint.NAME,
    curves.TRAINING,
    curves.HELD_OUT,
    report.NAME,
)


@contextlib.contextmanager
def run_folder(folder: Path) -> Iterator[None]:
    """Make the folder, or take up one that holds a run of ours; it is locked while the block runs.

    What a killed run left unfinished in it is removed. Raises EngineError for a folder that holds something else, or
    that another program trains into, and TrainError where it cannot be written.
    """
    check_run_folder(folder)
    new = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder):
            if read_marker(folder) is None:
                mark(folder, KIND)
            for name in _WRITTEN:
                clear_unfinished(folder / name)
                _clear_older(folder / f"{name}.part")
            yield
    except OSError as error:
        raise TrainError(
            f"cannot write to {folder}", got=str(error), do="make room, or choose another --out"
        ) from error
    finally:
        if new and [path.name for path in folder.glob("*")] == [MARKER]:  # it failed before anything was written
            (folder / MARKER).unlink()
            folder.rmdir()


def check_run_folder(folder: Path) -> None:
    """Raises FolderError unless `folder` is free or empty, or holds a run of ours, whatever was put beside it."""
    marker = read_marker(folder)
    if marker is not None and marker.get("kind") != KIND:
        raise FolderError(
            "this is no folder of a run", got=f"{folder}, a {marker.get('kind')}", do="choose another --out"
        )
    if marker is None and not any((folder / name).is_file() for name in _KNOWN_BY):
        check_place(folder, KIND, lambda _: (_LOCK,))  # which one that was killed at once leaves


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Of several machines with one disk the first one has the lock."""
    if os.environ.get("NODE_RANK", "0") != "0":
        yield
        return
    with held(folder / _LOCK, str(folder)):
        yield


def _clear_older(partial: Path) -> None:
    """What a version before this one left when it was killed."""
    if partial.is_file() and not partial.is_symlink():
        partial.unlink()

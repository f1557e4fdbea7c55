"""A run's folder: ours or empty, and used by one program at a time."""

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
# Files that only a run has; many programs write a config.json.
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
    """Make the folder, or reuse one that holds a run of ours; it is locked while the block runs.

    Unfinished files that a killed run left in it are removed. Raises EngineError for a folder that holds something
    else, or that another program trains into, and TrainError if it cannot be written.
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
                older = folder / f"{name}.part"  # left by an older version when it was killed
                if older.is_file() and not older.is_symlink():
                    older.unlink()
            yield
    except OSError as error:
        raise TrainError(
            f"cannot write to {folder}", got=str(error), do="make room on the disk, or choose another --out"
        ) from error
    finally:
        if new and [path.name for path in folder.glob("*")] == [MARKER]:  # it failed before anything was written
            (folder / MARKER).unlink()
            folder.rmdir()


def check_run_folder(folder: Path) -> None:
    """Raise FolderError unless `folder` is missing or empty, or holds a run of ours, whatever else is in it."""
    marker = read_marker(folder)
    if marker is not None and marker.get("kind") != KIND:
        raise FolderError(
            "this is not the folder of a run", got=f"{folder}, a {marker.get('kind')}", do="choose another --out"
        )
    if marker is None and not any((folder / name).is_file() for name in _KNOWN_BY):
        check_place(folder, KIND, lambda _: (_LOCK,))  # a run that was killed at once leaves it


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Of several machines sharing one disk, only the first takes the lock."""
    if os.environ.get("NODE_RANK", "0") != "0":
        yield
        return
    with held(folder / _LOCK, str(folder)):
        yield

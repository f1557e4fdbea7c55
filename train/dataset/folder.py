"""The folder of a data set being made: it appears whole or not at all, and never replaces something else."""

import contextlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from engines.system.names import name_error
from engines.system.whole_folder import check_place, foreign, whole_folder
from train.errors import TrainError

KIND = "data set"
MANIFEST = "dataset.json"
_TOP = ("atlas.npz", "coverage.png", MANIFEST)
_OF_A_TAKE = ("frames.npy", "inputs.npy", "placed.npz", "plate.png", "poses.npz")
_TAKE = re.compile(r"((take|full|half)\d*|pairs)/")  # "take" until it is known to be "full" or "half"


@contextlib.contextmanager
def new_dataset(out: Path, name: str) -> Iterator[Path]:
    """An empty folder to fill; if the block succeeds it becomes the data set `out`/`name`, replacing an older one.

    Raises TrainError when the disk is full, and what `check_dataset_place` raises.
    """
    check_dataset_place(out, name)
    try:
        with whole_folder(out / name, KIND, files_of_dataset) as folder:
            _clear_older(out / f"{name}.part")
            yield folder
    except OSError as error:
        raise TrainError(
            "the data set cannot be written", got=str(error), do="free some disk space, or use another --work"
        ) from error


def check_dataset_place(out: Path, name: str) -> None:
    """Raise TrainError for an invalid `name`, EngineError if `out`/`name` holds something that is not ours."""
    if problem := name_error(name):
        raise TrainError(f"the data set cannot be made: {problem}", do="give --name a short name, not a path")
    check_place(out / name, KIND, files_of_dataset)


def files_of_dataset(folder: Path) -> set[str]:
    """The files of a data set from before there were markers, by its dataset.json; empty if it is not one."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        takes = ["pairs"] if manifest.get("kind") == "pairs" else [str(name) for name in manifest["takes"]]
        if not {"format", "fingerprint", "puppet"} <= manifest.keys():
            return set()
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return set()
    return {*_TOP, *(f"{take}/{name}" for take in takes for name in _OF_A_TAKE)}


def _clear_older(partial: Path) -> None:
    """Remove what a killed older version left, if nothing else is in there."""
    if partial.is_symlink() or not partial.is_dir():
        return
    inside = {path.relative_to(partial).as_posix() for path in partial.rglob("*")}
    ours = {name for name in inside if _TAKE.sub("", name.removesuffix(".part"), count=1) in (*_TOP, *_OF_A_TAKE)}
    if next(foreign(partial, ours), None) is None:
        shutil.rmtree(partial, ignore_errors=True)

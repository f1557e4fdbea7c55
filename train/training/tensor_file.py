"""A file of tensors and plain values: written whole or not at all, and nothing in it is ever executed."""

import contextlib
import os
from pathlib import Path
from typing import Any

import torch

from train.errors import TrainError


def write_tensors(final: Path, values: dict[str, Any]) -> None:
    """Write `values` beside the old file and put it in its place: a crash or full disk leaves the old one whole.

    Raises TrainError when it cannot be written.
    """
    partial = final.with_name(final.name + ".part")
    try:
        with partial.open("wb") as file:
            torch.save(values, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(final)
    except (OSError, RuntimeError) as error:  # torch gives RuntimeError when its writer runs out of disk
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise TrainError(
            f"cannot write {final}",
            got=str(error).splitlines()[0],
            do="make room on the disk; the last one is whole, go on from it with --resume",
        ) from error


def read_tensors(path: Path) -> dict[str, Any]:
    """What `write_tensors` wrote, on the CPU. Raises TrainError for a file that is missing or damaged."""
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(values, dict):
            raise TypeError(f"it holds a {type(values).__name__}")
        return values
    except Exception as error:  # torch.load raises nearly anything for a damaged file
        raise TrainError(
            f"a damaged file: {path}", got=f"{type(error).__name__}: {error}", do="delete it and train anew"
        ) from error

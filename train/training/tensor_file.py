"""A file of tensors and plain values: written whole or not at all, and nothing in it is ever executed."""

import zipfile
from pathlib import Path
from typing import Any

import torch

from engines.errors import reason
from engines.system.whole_file import whole_file
from train.errors import TrainError


def write_tensors(final: Path, values: dict[str, Any]) -> None:
    """Write `values` to a new file, then swap it in for the old one: a crash or full disk leaves the old one whole.

    Raises TrainError when it cannot be written.
    """
    try:
        with whole_file(final, shared=True) as file:
            torch.save(values, file)
    except (OSError, RuntimeError) as error:  # torch gives RuntimeError when its writer runs out of disk
        raise TrainError(
            f"cannot write {final}",
            got=str(error) if isinstance(error, OSError) else "the write failed; most likely the disk is full",
            do="make room on the disk, then use --resume: the last save is whole",
        ) from error


def read_tensors(path: Path) -> dict[str, Any]:
    """What `write_tensors` wrote, on the CPU. Raises TrainError for a file that is missing or damaged."""
    try:
        _check_packing(path)
        values = torch.load(path, map_location="cpu", weights_only=True)
        if not isinstance(values, dict):
            raise TypeError(f"it holds a {type(values).__name__}")
        return values
    except Exception as error:  # torch.load raises nearly anything for a damaged file
        raise TrainError(
            f"a damaged file: {path}", got=f"{type(error).__name__}: {reason(error)}", do="delete it and train again"
        ) from error


def _check_packing(path: Path) -> None:
    """Raise ValueError for a file that would grow when read: torch never compresses, but it does decompress."""
    with path.open("rb") as file, zipfile.ZipFile(file) as packed:
        members = packed.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("its tensors are compressed")
    if sum(member.file_size for member in members) > path.stat().st_size:
        raise ValueError("it claims to hold more than it does")

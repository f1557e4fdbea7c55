"""A file of tensors and plain values: written whole or not at all, and nothing in it is ever executed."""

import zipfile
from pathlib import Path
from typing import Any

import torch

from engines.errors import reason
from engines.system.whole_file import whole_file
from train.errors import TrainError


def write_tensors(final: Path, values: dict[str, Any]) -> None:
    """Write `values` beside the old file and put it in its place: a crash or full disk leaves the old one whole.

    Raises TrainError when it cannot be written.
    """
    try:
        with whole_file(final, shared=True) as file:
            torch.save(values, file)
    except (OSError, RuntimeError) as error:  # torch gives RuntimeError when its writer runs out of disk
        raise TrainError(
            f"cannot write {final}",
            got=str(error) if isinstance(error, OSError) else "the disk took no more, most likely it is full",
            do="make room on the disk; the last one is whole, go on from it with --resume",
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
            f"a damaged file: {path}", got=f"{type(error).__name__}: {reason(error)}", do="delete it and train anew"
        ) from error


def _check_packing(path: Path) -> None:
    """Raises ValueError for what would grow when read: torch packs nothing, but unpacks what others packed."""
    with path.open("rb") as file, zipfile.ZipFile(file) as packed:
        members = packed.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("its tensors are packed")
    if sum(member.file_size for member in members) > path.stat().st_size:
        raise ValueError("it states more than it holds")

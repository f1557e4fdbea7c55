"""`open_dataset`: a folder that `prepare` wrote, of either kind."""

from pathlib import Path
from typing import Any

from engines.system.json_file import read_json
from live.puppet.errors import PuppetError
from train.dataset.dataset import Dataset, read_dataset
from train.dataset.format import FORMAT, PAIRS
from train.dataset.pairs import open_pairs
from train.errors import TrainError

_LARGEST_MANIFEST = 32 << 20  # bytes; it lists every picture that a take was made of


def open_dataset(folder: Path) -> Dataset:
    """Open a dataset. Raises TrainError if the folder is none, or was prepared with another version's drawing rules."""
    try:
        manifest: dict[str, Any] = read_json(folder / "dataset.json", largest=_LARGEST_MANIFEST)
        if not isinstance(manifest, dict):
            raise ValueError(f"dataset.json holds a {type(manifest).__name__}")
    except (OSError, ValueError) as error:
        raise TrainError(
            f"not a dataset: {folder}", got=str(error), do="make one with: python -m train prepare VIDEO --name NAME"
        ) from error
    if manifest.get("format") != FORMAT:
        raise TrainError(
            f"dataset of another format: {folder}", got=ascii(manifest.get("format"))[:80], wanted=str(FORMAT)
        )
    try:
        if manifest.get("kind") == PAIRS:
            return open_pairs(folder, manifest)
        return read_dataset(folder, manifest)
    except (PuppetError, LookupError, TypeError, AttributeError, ValueError, OSError) as error:
        raise TrainError(f"the dataset cannot be read: {folder}", got=str(error), do="prepare it again") from error

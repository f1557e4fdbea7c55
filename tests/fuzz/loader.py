"""`Loader`: one way in for what a stranger wrote. One that is added to `LOADERS` of `loaders.py` is fuzzed."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.array_mutations import NPZ
from tests.fuzz.mutations import BYTES, JSON, PICTURE, Mutator
from tests.fuzz.network_mutations import ONNX

# What is made of a file by its ending, besides what is done to its bytes.
KINDS: dict[str, tuple[Mutator, ...]] = {
    ".json": JSON,
    ".npz": NPZ,
    ".png": PICTURE,
    ".jpg": PICTURE,
    ".onnx": ONNX,
}


def _unsealed(folder: Path) -> None:
    """Nothing states a hash."""


@dataclass(frozen=True, slots=True)
class Loader:
    """`write` puts good input into an empty folder; its `files` are then mutated, and `seal` corrects the hashes.

    `load` reads the folder: it raises one of our errors, or returns what it read; None: it treats the input as absent.
    `check` raises AssertionError for a value that breaks the loader's promises. `own`: mutators for this kind of file,
    otherwise those of KINDS. `partial`: damaged input is read as far as possible, and seldom refused.
    """

    name: str
    write: Callable[[Path], object]
    files: tuple[str, ...]
    load: Callable[[Path], object]
    check: Callable[[object], None]
    seal: Callable[[Path], None] = _unsealed
    own: tuple[Mutator, ...] = ()
    partial: bool = False

    def mutators(self, file: str) -> tuple[Mutator, ...]:
        """What may be done to one of its files."""
        return self.own or KINDS.get(Path(file).suffix, ()) or BYTES

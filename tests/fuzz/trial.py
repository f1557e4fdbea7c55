"""One trial: a good input is changed and loaded. An error of ours may come, or a value that keeps its promises."""

import shutil
import traceback
from dataclasses import dataclass
from pathlib import Path
from random import Random

from engines.errors import UserError
from tests.fuzz.loader import Loader
from tests.fuzz.mutations import BYTES

REFUSED, ACCEPTED, TRACEBACK, WRONG = "refused", "accepted", "traceback", "wrong load"
_SWAPPED, _TWICE, _BYTES = 0.03, 0.25, 0.35  # shares of the trials


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a trial ended: REFUSED, ACCEPTED, TRACEBACK or WRONG; and what was said."""

    kind: str
    said: str


def change(loader: Loader, good: Path, folder: Path, seed: str) -> None:
    """Make `folder` a copy of `good` with one change, or two; all of it follows from `seed`."""
    rng = Random(seed)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(good, folder)
    file = folder / rng.choice(loader.files)
    if rng.random() < _SWAPPED:
        others = sorted(path for path in good.rglob("*") if path.is_file())
        shutil.copyfile(rng.choice(others), file)
    for _ in range(2 if rng.random() < _TWICE else 1):
        mutators = BYTES if rng.random() < _BYTES else loader.mutators(file.name)
        try:
            file.write_bytes(rng.choice(mutators)(rng, file.read_bytes()))
        except Exception:  # what was changed before is no such file any more
            file.write_bytes(rng.choice(BYTES)(rng, file.read_bytes()))
    loader.seal(folder)


def attempt(loader: Loader, folder: Path) -> Outcome:
    """Load what lies in `folder`."""
    try:
        value = loader.load(folder)
    except UserError as error:
        try:
            str(error).encode()
        except UnicodeEncodeError:
            return Outcome(TRACEBACK, f"its message cannot be printed: {error!r:.300}")
        return Outcome(REFUSED, f"{error!s:.300}")
    except BaseException:
        return Outcome(TRACEBACK, traceback.format_exc())
    if value is None:
        return Outcome(REFUSED, "taken for nothing")
    try:
        loader.check(value)
    except BaseException:
        return Outcome(WRONG, traceback.format_exc())
    return Outcome(ACCEPTED, "")

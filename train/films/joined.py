"""Pairs pictures A and B by name: `7.png` with `007.png`, `12_label.png` with `12_real.png`."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

from live.sources.picture_files import NameKey, gaps, inside, natural
from train.errors import TrainError
from train.films.layout import keyed, pictures_of, subfolder
from train.films.survey import named

_Keyed = dict[NameKey, Path]


def joined(folder: Path, split: str, title: str) -> list[tuple[Path, Path]]:
    """The pairs of `split`_A and `split`_B in `folder`, in order of name; empty if neither exists. `title`: the
    folder's name in messages.

    Raises TrainError when a picture has no partner of the same name.
    """
    sides = {f"{split}_{letter}": subfolder(folder, f"{split}_{letter}") for letter in "AB"}
    if not any(sides.values()):
        return []
    pictures = [pictures_of(side) if side else [] for side in sides.values()]
    for (name, side), there in zip(sides.items(), pictures, strict=True):
        if not there:
            raise _apart(title, f"no pictures in {name}: {inside(side) if side else 'there is no such folder'}")
    a, b = _keys_alike(pictures[0], pictures[1], f"{title}/{split}")
    missing = {f"{split}_A": _without(b, a), f"{split}_B": _without(a, b)}
    if any(missing.values()):
        raise _apart(title, ", ".join(f"missing in {side}: {named(paths)}" for side, paths in missing.items() if paths))
    if lost := gaps(list(a.values())):
        print(f"  numbers are missing in {split}_A and {split}_B (the gaps are closed): {lost}")
    return [(path, b[key]) for key, path in a.items()]


def _keys_alike(a: Sequence[Path], b: Sequence[Path], title: str) -> tuple[_Keyed, _Keyed]:
    """Both sides by name, or, if more of them match then, by name without what all names of a side share: `12` of
    `12_label`.
    """
    whole = keyed(a, f"{title}_A"), keyed(b, f"{title}_B")
    (before_a, after_a), (before_b, after_b) = _shared(a), _shared(b)
    cut = (
        keyed(a, f"{title}_A", lambda path: path.stem[before_a : len(path.stem) - after_a]),
        keyed(b, f"{title}_B", lambda path: path.stem[before_b : len(path.stem) - after_b]),
    )
    return max(whole, cut, key=lambda sides: len(sides[0].keys() & sides[1].keys()))


def _shared(paths: Sequence[Path]) -> tuple[int, int]:
    """How many letters all names share at the beginning and at the end, without digits that may belong to a number."""
    stems = [path.stem for path in paths]
    before = re.sub(r"\d+$", "", os.path.commonprefix(stems))
    after = re.sub(r"\d+$", "", os.path.commonprefix([stem[len(before) :][::-1] for stem in stems]))
    return len(before), len(after)


def _without(there: _Keyed, other: _Keyed) -> list[Path]:
    return sorted((path for key, path in there.items() if key not in other), key=natural)


def _apart(title: str, got: str) -> TrainError:
    return TrainError(
        f"the pictures do not pair: {title}",
        got=got,
        wanted="a picture of the same name in the other folder for each one; a suffix such as _label may differ",
        do="rename them, or remove those without a partner",
    )

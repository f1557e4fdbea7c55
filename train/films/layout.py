"""Finds the folders of a picture set: side by side, in a folder or two, among what operating systems leave there."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from live.sources.picture_files import NameKey, is_litter, name_key, natural, pictures_in
from train.errors import TrainError

DEEPEST = 3  # folders below the one that was given


def folders_below(folder: Path, depth: int = DEEPEST) -> Iterator[Path]:
    """The folder itself and those below it, `depth` deep, in order of name. Raises TrainError."""
    yield folder
    for child in _folders_in(folder) if depth else ():
        yield from folders_below(child, depth - 1)


def subfolder(folder: Path, name: str) -> Path | None:
    """The folder of that name in `folder`, in any case, or None. Raises TrainError."""
    found = [child for child in _folders_in(folder) if child.name.lower() == name.lower()]
    return min(found, key=lambda child: child.name != name, default=None)


def pictures_of(folder: Path) -> list[Path]:
    """The pictures directly in a folder, in order of name. Raises TrainError."""
    try:
        return pictures_in(folder)
    except OSError as error:
        raise TrainError(f"the folder cannot be read: {folder}", got=str(error)) from error


def keyed(
    pictures: Sequence[Path], title: str, name: Callable[[Path], str] = lambda path: path.stem
) -> dict[NameKey, Path]:
    """Pictures by the key of their `name`. Raises TrainError when two have the same name."""
    by_key: dict[NameKey, Path] = {}
    for path in pictures:
        if (other := by_key.setdefault(name_key(name(path)), path)) is not path:
            got, do = f"{other.name} and {path.name}", "keep one of them"
            raise TrainError(f"two pictures of the same name in {title}", got=got, do=do)
    return by_key


def _folders_in(folder: Path) -> list[Path]:
    try:
        return sorted((p for p in folder.iterdir() if not is_litter(p.name) and p.is_dir()), key=natural)
    except OSError as error:
        raise TrainError(f"the folder cannot be read: {folder}", got=str(error)) from error

"""A first look at all pictures of a set: which can be read, how large and how bright they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.arrays import U8
from live.puppet.errors import CameraError
from live.sources.picture_files import read_rgb
from train.errors import TrainError

_MOST_NAMES = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """One picture. `size`: (width, height). `brightest`: the greatest level of any colour. `empty`: of one colour."""

    size: tuple[int, int]
    brightest: int
    empty: bool


def survey(paths: Sequence[Path], title: str) -> dict[Path, Seen]:
    """Every picture that can be read; the others are printed by name. Raises TrainError when none is left."""
    seen: dict[Path, Seen] = {}
    lost: list[tuple[Path, CameraError]] = []
    for path in paths:
        try:
            image = read_rgb(path)
        except CameraError as error:
            lost.append((path, error))
        else:
            seen[path] = Seen((image.shape[1], image.shape[0]), int(image.max()), bool((image == image[0, 0]).all()))
    if lost and not seen:
        raise TrainError(
            f"none of the pictures of {title} can be read",
            got=named([path for path, _ in lost]),
            wanted="JPEG or PNG files",
            do="save them again",
        )
    if lost:
        print(f"  {title}: {len(lost)} of {len(paths)} pictures are left out: {named([path for path, _ in lost])}")
        print(f"    {lost[0][1]}")
    return seen


def read_again(path: Path) -> U8:
    """A picture that was read before, (H, W, 3) uint8. Raises TrainError when it no longer can be."""
    try:
        return read_rgb(path)
    except CameraError as error:
        raise TrainError(error.what, got=error.got, do="do not change the folder meanwhile") from error


def one_size(seen: Mapping[Path, Seen]) -> tuple[int, int]:
    """(width, height) that all pictures have. Raises TrainError when they differ."""
    sizes: dict[tuple[int, int], list[Path]] = {}
    for path, picture in seen.items():
        sizes.setdefault(picture.size, []).append(path)
    if len(sizes) > 1:
        (most, _), (other, odd) = sorted(sizes.items(), key=lambda item: -len(item[1]))[:2]
        raise TrainError(
            "the pictures differ in size",
            got=f"{odd[0].name} and {len(odd) - 1} more: {other[0]}x{other[1]}",
            wanted=f"{most[0]}x{most[1]}, as most have",
            do="scale or crop them to one size, their poses too",
        )
    return next(iter(sizes))


def named(paths: Sequence[Path]) -> str:
    """The first names of some files, and how many more there are."""
    more = len(paths) - _MOST_NAMES
    return ", ".join(path.name for path in paths[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")

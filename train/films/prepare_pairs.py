"""Picture pairs (`train_A`, `train_B`, perhaps `test_A`, `test_B`) -> dataset."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from engines.bundle import sha256_of
from live.puppet.config import PuppetConfig
from live.puppet.fingerprint import fingerprint
from train.dataset.folder import new_dataset
from train.dataset.format import FORMAT, PAIRS, PAIRS_FPS
from train.dataset.take import first_held_out
from train.errors import TrainError
from train.films.extracted_source import FrameFile
from train.films.joined import joined
from train.films.layout import subfolder
from train.films.survey import Seen, named, one_size, read_again, survey

FEWEST = 8
CELL_PX, LARGEST_PX = 32, 1024  # sides become multiples of the first, at most the second
DARK = 40  # levels; numbers of labels end at 35 or so


def holds_pairs(folder: Path) -> bool:
    """Whether a folder has the layout of pairs. Raises TrainError when it cannot be read."""
    return any(subfolder(folder, f"train_{letter}") for letter in "AB")


def prepare_pairs(folder: Path, *, name: str, out: Path, title: str = "") -> Path:
    """Make the dataset `out`/`name` from the pairs in `folder`; returns its folder. An old one is replaced once the new
    one is whole. `test_A` and `test_B`, if there, are held out, else the last fifth. `title`: the user's own name for
    the folder, if it differs. Raises TrainError.
    """
    title = title or folder.name
    trained, tested = joined(folder, "train", title), joined(folder, "test", title)
    seen = survey([path for pair in trained + tested for path in pair], title)
    trained, tested = ([pair for pair in pairs if pair[0] in seen and pair[1] in seen] for pairs in (trained, tested))
    pairs = trained + tested
    if len(trained) < FEWEST:
        raise TrainError(f"too few pairs in {title}", got=str(len(trained)), wanted=f"at least {FEWEST}")
    size = one_size(seen)
    for column in (0, 1):
        _check_light([seen[pair[column]] for pair in pairs], [pair[column] for pair in pairs])
    canvas = canvas_of(size)
    with new_dataset(out, name) as made:
        (made / PAIRS).mkdir()
        for column, file_name in ((0, "inputs.npy"), (1, "frames.npy")):
            _write([pair[column] for pair in pairs], made / PAIRS / file_name, canvas)
        config = PuppetConfig(canvas_px=canvas)
        manifest = {
            "format": FORMAT,
            "kind": PAIRS,
            "name": name,
            "fps": PAIRS_FPS,
            "puppet": config.to_json(),
            "fingerprint": fingerprint(config),
            "pairs": len(pairs),
            "first_held_out": len(trained) if tested else first_held_out(len(pairs)),
            "made_from": {title: _hash(pairs)},
        }
        (made / "dataset.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    held = len(pairs) - manifest["first_held_out"]
    print(f"  {len(pairs)} pairs of {size[0]}x{size[1]}, {held} of them held out; canvas {canvas[0]}x{canvas[1]}")
    print(f"dataset ready: {out / name}")
    return out / name


def canvas_of(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) of the canvas for pictures of `size`: their shape, sides multiples of CELL_PX."""
    shrink = min(1.0, LARGEST_PX / max(size))
    width, height = (max(64, round(side * shrink) // CELL_PX * CELL_PX) for side in size)
    return width, height


def _check_light(seen: Sequence[Seen], paths: Sequence[Path]) -> None:
    """Say which of the pictures A, or B, are empty or too dark. Raises TrainError when each is of one colour."""
    folder = paths[0].parent.name
    empty = [path for path, picture in zip(paths, seen, strict=True) if picture.empty]
    brightest = max(picture.brightest for picture in seen)
    if len(empty) == len(paths):
        raise TrainError(
            f"every picture of {folder} is empty, of a single colour",
            got="black" if brightest == 0 else f"level {brightest} in {paths[-1].name}",
            wanted="pictures, or label maps whose labels are colours",
        )
    if empty:
        print(f"  warning: {len(empty)} pictures of {folder} are empty, of a single colour: {named(empty)}")
    if brightest <= DARK:
        print(
            f"  warning: the pictures of {folder} are nearly black, {brightest} of 255 at their brightest: are these "
            "label numbers? Only what can be seen is learned: give each label a colour of its own"
        )


def _write(paths: list[Path], path: Path, canvas: tuple[int, int]) -> None:
    opaque = np.full((canvas[1], canvas[0]), 255, np.uint8)
    with FrameFile(path, canvas) as file:
        for picture in tqdm(paths, desc=path.stem):
            image = read_again(picture)
            if (image.shape[1], image.shape[0]) != canvas:
                image = np.asarray(cv2.resize(image, canvas, interpolation=cv2.INTER_AREA), np.uint8)
            file.append(image, opaque)


def _hash(pairs: list[tuple[Path, Path]]) -> str:
    digest = hashlib.sha256()
    for pair in pairs:
        for path in pair:
            digest.update(f"{path.name} {sha256_of(path)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()

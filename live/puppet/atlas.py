"""The atlas: one texture per body part and view, cut from the target's video. `doll.py` poses it."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from live.puppet.errors import NPZ_ERRORS, TargetError
from live.puppet.fit import KEY_SIZE
from live.puppet.parts import EXTENTS, F64, PART_NAMES
from live.puppet.values import F32, U8

FORMAT = 4  # 2: a hand's key is its fingers; 3: there is a mouth; 4: a head's key has the upper lip, not the chin
MAX_EXTENT = 100  # torsos; no part is that large, and the drawing code counts in integers


@dataclass(frozen=True, slots=True)
class PartViews:
    """The views of one part. `rgba`: (V, rows, columns, 4) uint8, straight alpha; `keys`: (V, KEY_SIZE) float32, see
    `parts`.

    View 0 is the most typical one: it is shown when the skeleton does not say from where the part is seen.
    """

    rgba: U8
    keys: F32

    @staticmethod
    def empty() -> "PartViews":
        """One view of nothing: the part is invisible."""
        return PartViews(np.zeros((1, 2, 2, 4), np.uint8), np.zeros((1, KEY_SIZE), np.float32))


@dataclass(frozen=True, slots=True)
class Atlas:
    """All parts of one target, in the order of `parts.PARTS`. `extents`: (P, 3) before, after, half-width in torsos."""

    parts: tuple[PartViews, ...]
    extents: F64

    @staticmethod
    def empty() -> "Atlas":
        """An atlas whose parts are transparent: the doll is invisible (tests; a target without a video)."""
        return Atlas(tuple(PartViews.empty() for _ in PART_NAMES), EXTENTS.copy())


def save_atlas(path: Path, atlas: Atlas) -> None:
    """Write an .npz without pickles; deterministic bytes for equal atlases."""
    arrays: dict[str, NDArray[np.generic]] = {"format": np.array(FORMAT), "extents": atlas.extents}
    for name, part in zip(PART_NAMES, atlas.parts, strict=True):
        arrays[f"{name}.rgba"], arrays[f"{name}.keys"] = part.rgba, part.keys
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            # A fixed date: the zip's default is now, and a hash of the file should depend on its content alone.
            file.writestr(
                zipfile.ZipInfo(f"{name}.npy", (2020, 1, 1, 0, 0, 0)), buffer.getvalue(), zipfile.ZIP_DEFLATED
            )


def load_atlas(path: Path) -> Atlas:
    """Read what `save_atlas` wrote. Raises TargetError for anything else."""
    try:
        # Opened here: numpy leaves a file open that turns out not to be a zip.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            if int(data["format"]) != FORMAT:
                raise ValueError(f"atlas format {int(data['format'])}, this version reads {FORMAT}")
            parts = tuple(_read_part(data[f"{name}.rgba"], data[f"{name}.keys"], name) for name in PART_NAMES)
            extents = np.asarray(data["extents"], np.float64)
            if extents.shape != EXTENTS.shape or not ((extents > 0) & (extents < MAX_EXTENT)).all():
                raise ValueError(f"extents of shape {extents.shape}, wanted {EXTENTS.shape}, 0 to {MAX_EXTENT}")
            return Atlas(parts, extents)
    except NPZ_ERRORS as error:
        raise TargetError(
            f"the target's atlas cannot be read: {path.name}", got=str(error), do="export or download the target again"
        ) from error


def _read_part(rgba: U8, keys: F32, name: str) -> PartViews:
    if rgba.dtype != np.uint8 or rgba.ndim != 4 or rgba.shape[3] != 4 or len(rgba) < 1 or min(rgba.shape[1:3]) < 2:
        wanted = "uint8 (views, 2 or more rows, 2 or more columns, 4)"
        raise ValueError(f"{name}: textures of {rgba.dtype} {rgba.shape}, wanted {wanted}")
    if keys.shape != (rgba.shape[0], KEY_SIZE):
        raise ValueError(f"{name}: keys of shape {keys.shape}, wanted ({rgba.shape[0]}, {KEY_SIZE})")
    return PartViews(np.ascontiguousarray(rgba), np.ascontiguousarray(keys, dtype=np.float32))

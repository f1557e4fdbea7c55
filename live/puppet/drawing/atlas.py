"""The atlas: one texture per body part and view, cut from the target's video. `doll.py` poses them."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, F64, U8
from live.puppet.array_file import Field, read_npz
from live.puppet.drawing.fit import KEY_SIZE
from live.puppet.drawing.parts import EXTENTS, PART_NAMES
from live.puppet.errors import TargetError

FORMAT = 4  # 2: a hand's key is its fingers; 3: adds the mouth; 4: a head's key has the upper lip, not the chin
MIN_EXTENT, MAX_EXTENT = 1e-3, 100  # torsos; no part is that large, and the drawing code uses integers
_MAX_VIEWS, _MAX_SIDE, _MAX_KEY = 256, 4096, 1e3  # of a part; texels; torsos
_LARGEST = 96 << 20  # bytes of all textures; a shipped target has at most 14 MB, and the doll needs three times as much


@dataclass(frozen=True, slots=True)
class PartViews:
    """The views of one part. `rgba`: (V, rows, columns, 4) uint8, straight alpha; `keys`: (V, KEY_SIZE) float32, see
    `parts`.

    View 0 is the most typical one, shown if the skeleton does not tell from where the part is seen.
    """

    rgba: U8
    keys: F32

    @staticmethod
    def empty() -> "PartViews":
        """One empty view, so that the part is invisible."""
        return PartViews(np.zeros((1, 2, 2, 4), np.uint8), np.zeros((1, KEY_SIZE), np.float32))


@dataclass(frozen=True, slots=True)
class Atlas:
    """All parts of one target, in the order of `parts.PARTS`. `extents`: (P, 3) before, after, half-width in torsos."""

    parts: tuple[PartViews, ...]
    extents: F64

    @staticmethod
    def empty() -> "Atlas":
        """An atlas of transparent parts, so that the doll is invisible (tests; a target without a video)."""
        return Atlas(tuple(PartViews.empty() for _ in PART_NAMES), EXTENTS.copy())


def save_atlas(path: Path, atlas: Atlas) -> None:
    """Write an .npz without pickles; equal atlases give equal bytes."""
    arrays: dict[str, NDArray[np.generic]] = {"format": np.array(FORMAT), "extents": atlas.extents}
    for name, part in zip(PART_NAMES, atlas.parts, strict=True):
        arrays[f"{name}.rgba"], arrays[f"{name}.keys"] = part.rgba, part.keys
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array, allow_pickle=False)
            # A fixed date: the zip's default is now, but the file's hash should depend only on its content.
            file.writestr(
                zipfile.ZipInfo(f"{name}.npy", (2020, 1, 1, 0, 0, 0)), buffer.getvalue(), zipfile.ZIP_DEFLATED
            )


def load_atlas(path: Path) -> Atlas:
    """Read what `save_atlas` wrote. Raises TargetError for anything else."""
    try:
        found = int(read_npz(path, {"format": Field("integer")}, largest=_LARGEST)["format"])
        if found != FORMAT:
            raise ValueError(f"atlas format {found}, this version reads {FORMAT}")
        arrays = read_npz(path, _fields(), largest=_LARGEST)
        parts = tuple(_part(name, arrays[f"{name}.rgba"], arrays[f"{name}.keys"]) for name in PART_NAMES)
    except (OSError, ValueError) as error:
        raise TargetError(
            f"the target's atlas cannot be read: {path.name}", got=str(error), do="export or download the target again"
        ) from error
    return Atlas(parts, arrays["extents"].astype(np.float64, copy=False))


def _fields() -> dict[str, Field]:
    fields = {"extents": Field("float", EXTENTS.shape, MIN_EXTENT, MAX_EXTENT)}
    for name in PART_NAMES:
        views = f"views of {name}"
        fields[f"{name}.rgba"] = Field("uint8", (views, f"rows of {name}", f"columns of {name}", 4))
        fields[f"{name}.keys"] = Field("float", (views, KEY_SIZE), -_MAX_KEY, _MAX_KEY)
    return fields


def _part(name: str, rgba: U8, keys: F32) -> PartViews:
    views, rows, columns, _ = rgba.shape
    if not (0 < views <= _MAX_VIEWS and min(rows, columns) >= 2 and max(rows, columns) <= _MAX_SIDE):
        wanted = f"1 to {_MAX_VIEWS} views of 2 to {_MAX_SIDE} rows and columns"
        raise ValueError(f"{name}.rgba has {views} views of {rows}x{columns}, wanted {wanted}")
    return PartViews(rgba, keys.astype(np.float32, copy=False))

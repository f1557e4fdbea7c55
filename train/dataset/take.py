"""One take of a dataset on disk: frames with mattes on the canvas, poses placed on it, weights, plate, statistics."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, U8
from engines.system.whole_file import whole_file
from live.puppet import topology as T
from live.puppet.array_file import Field, map_npy, read_npz
from live.puppet.errors import PuppetError
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.values import BOUND_PX, PlacedPose
from live.scene.background import read_picture
from train.errors import TrainError

# The last fifth of each take is never trained on (paper: about 80/20; reading of its data release).
HELD_OUT_SHARE = 0.2

_SUREST = 2.0  # OpenPose's scores are at times a little above 1; they are clamped to 1
FRAMES = Field("uint8", ("frames", "rows", "columns", 4))
_PLACED = {
    "placed_px": Field("float", ("frames", T.K, 2), -BOUND_PX, BOUND_PX),
    "registered_px": Field("float", ("frames", T.K, 2), -BOUND_PX, BOUND_PX),
    "scores": Field("float", ("frames", T.K), 0, _SUREST),
    "size_px": Field("float", ("frames",), 0, BOUND_PX),
    "t_s": Field("float", ("frames",), -1e9, 1e9),
    "weight": Field("float", ("frames",), 0, 1),
}
_FRAME_BYTES = 8192  # more than the numbers of one frame take

# The joints of a refined pose that follow the picture: those where two limbs meet. At a limb's end, a sleeve slides
# along itself; head, hands and face are found better than registered. (fortnite's waist-up take, held out: the doll's
# hands are 7.5 px off, 9.9 with all joints. Bodies, SSIM, full and half take: 0.519 and 0.522, human 0.612 and 0.706;
# with all joints 0.543, 0.512, 0.617, 0.700.)
BENDS = [T.R_ELBOW, T.L_ELBOW, T.R_KNEE, T.L_KNEE]


@dataclass(frozen=True, slots=True)
class Take:
    """One take. `frames`: (N, H, W, 4) uint8 RGBA, A the matte, mapped from disk, read-only. `placed_px`: (N, 137, 2)
    the poses as the Conditioner places them; `registered_px`: the same after registration to the picture; `scores`: (N,
    137); `size_px`: (N,) torso length on the canvas; `t_s`: (N,) seconds; `weight`: (N,) trust 0..1. `plate`: (H, W,
    3). `stats`: the figure on the canvas; `source_stats`: the same figure in pixels of the video. `first_held_out`:
    where the held-out frames begin, None for the last fifth."""

    name: str
    folder: Path
    frames: U8
    placed_px: F32
    registered_px: F32
    scores: F32
    size_px: NDArray[np.float64]
    t_s: NDArray[np.float64]
    weight: F32
    plate: U8
    stats: BodyStats
    source_stats: BodyStats
    first_held_out: int | None = None

    def __len__(self) -> int:
        return len(self.frames)

    @property
    def held_out(self) -> range:
        """Frame numbers kept for evaluation: the last fifth, or those from `first_held_out` on."""
        first = first_held_out(len(self)) if self.first_held_out is None else self.first_held_out
        return range(first, len(self))

    @property
    def trained_on(self) -> range:
        """Frame numbers that training may see."""
        return range(self.held_out.start)

    def placed(self, index: int, *, refined: bool) -> PlacedPose:
        """One frame's pose as live would place it; if `refined`, with elbows and knees where the picture has them."""
        points = self.placed_px[index]
        if refined:
            points = bent(points, self.registered_px[index])
        return PlacedPose(index, float(self.t_s[index]), points, self.scores[index], float(self.size_px[index]))


def bent(points: F32, registered: F32) -> F32:
    """Points (..., 137, 2) as found, with elbows and knees as registered. A new array."""
    refined = points.copy()
    refined[..., BENDS, :] = registered[..., BENDS, :]
    return refined


def first_held_out(frames: int) -> int:
    """Where the held-out frames begin in a take of `frames` frames."""
    return int(frames * (1 - HELD_OUT_SHARE))


def save_poses_of(folder: Path, **arrays: NDArray[Any]) -> None:
    """Write the per-frame arrays of a take (names as in `Take`), whole or not at all."""
    with whole_file(folder / "placed.npz", shared=True) as file:
        np.savez_compressed(file, **arrays)


def open_take(folder: Path, entry: dict[str, Any]) -> Take:
    """Open one take; `entry` is its part of dataset.json. Raises TrainError when files are missing or do not fit."""
    try:
        frames = map_npy(folder / "frames.npy", FRAMES)
        arrays = read_npz(folder / "placed.npz", _PLACED, largest=_FRAME_BYTES * len(frames))
        np.minimum(arrays["scores"], 1, out=arrays["scores"])
        plate = read_picture(folder / "plate.png")
        if any(len(a) != len(frames) for a in arrays.values()) or plate.shape[:2] != frames.shape[1:3]:
            raise ValueError("its files do not fit each other")
        return Take(
            name=folder.name,
            folder=folder,
            frames=frames,
            plate=plate,
            stats=BodyStats.from_json(entry["stats"]),
            source_stats=BodyStats.from_json(entry["source_stats"]),
            **arrays,
        )
    except (OSError, ValueError, LookupError, TypeError, PuppetError) as error:
        raise TrainError(
            f"a take of the dataset cannot be read: {folder}", got=str(error), do="prepare it again"
        ) from error

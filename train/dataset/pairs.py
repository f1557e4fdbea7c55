"""Picture pairs A -> B (`train_A`, `train_B`, the layout of pix2pixHD): a data set for the same networks without poses.

A takes the place of the doll, B that of the film; there is no pose map. Only for training and evaluating: a webcam
gives no A.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engines.arrays import U8
from live.puppet.array_file import map_npy
from live.puppet.condition import Conditioner
from live.puppet.config import POSE_MAP_SHRINK, PuppetConfig
from live.puppet.drawing.atlas import Atlas
from live.puppet.drawing.pose_map import CHANNELS
from live.puppet.geometry.body_stats import BONE_NAMES, BodyStats
from live.puppet.topology import K
from live.puppet.values import Conditioning, PlacedPose
from train.dataset.dataset import Dataset
from train.dataset.format import PAIRS, PAIRS_FPS
from train.dataset.rollouts import Batch, RandomBatches, Rollouts
from train.dataset.take import FRAMES, Take
from train.errors import TrainError


@dataclass(frozen=True, slots=True)
class PairDataset(Dataset):
    """A data set of pairs. `inputs`: (N, H, W, 4) uint8, the pictures A with alpha 255; its one take holds B."""

    inputs: U8 = field(repr=False)

    @property
    def has_poses(self) -> bool:
        """No."""
        return False

    def draw(self, placed: PlacedPose, before: Conditioning | None = None) -> Conditioning:
        """Picture A of this frame in the doll's place, and an empty pose map."""
        height, width = self.inputs.shape[1] // POSE_MAP_SHRINK, self.inputs.shape[2] // POSE_MAP_SHRINK
        nothing = np.zeros((height, width, CHANNELS), np.uint8)
        doll = np.array(self.inputs[placed.frame_id])
        return Conditioning(placed.frame_id, placed.t_capture_s, nothing, doll, None, placed)


class PairRollouts(RandomBatches):
    """Like `Rollouts`, for pairs: `length` pictures in order of name, cut to one random window."""

    def __init__(
        self,
        dataset: PairDataset,
        *,
        length: int,
        batch: int,
        crop: tuple[int, int] = (256, 384),
        seed: int = 0,
        held_out: bool = False,
    ) -> None:
        super().__init__(length=length, batch=batch, crop=crop, seed=seed)
        self._dataset = dataset
        self._take = dataset.takes[PAIRS]
        self._frames = self._take.held_out if held_out else self._take.trained_on
        if len(self._frames) < length:
            raise TrainError(
                "too few pairs for a rollout", got=str(len(self._frames)), wanted=f"{length} or more in a row"
            )

    def _choose(self) -> tuple[int, int, int]:
        start = int(self._rng.integers(self._frames.start, self._frames.stop - self.length + 1))
        x, y = (
            int(self._rng.integers(0, whole - side + 1)) // POSE_MAP_SHRINK * POSE_MAP_SHRINK
            for side, whole in zip(self._crop, self._dataset.canvas, strict=True)
        )
        return start, x, y

    def _fill(self, batch: Batch, b: int, chosen: tuple[int, int, int]) -> None:
        (start, x, y), (width, height) = chosen, self._crop
        window = np.s_[start : start + self.length, y : y + height, x : x + width]
        batch.doll[b] = self._dataset.inputs[window]
        batch.real[b] = self._take.frames[window]


def open_rollouts(dataset: Dataset, **wanted: Any) -> Rollouts | PairRollouts:
    """The rollouts of a data set of either kind; `wanted` as for `Rollouts`."""
    return PairRollouts(dataset, **wanted) if isinstance(dataset, PairDataset) else Rollouts(dataset, **wanted)


def open_pairs(folder: Path, manifest: dict[str, Any]) -> PairDataset:
    """Open what `prepare_pairs` wrote; `manifest` is its dataset.json. Raises TrainError when files are missing."""
    config = PuppetConfig.from_json(manifest["puppet"])
    try:
        inputs, frames = (map_npy(folder / PAIRS / f, FRAMES) for f in ("inputs.npy", "frames.npy"))
    except (OSError, ValueError) as error:
        raise TrainError(f"the dataset cannot be read: {folder}", got=str(error), do="prepare it again") from error
    count, (width, height) = int(manifest["pairs"]), config.canvas_px
    if not inputs.shape == frames.shape == (count, height, width, 4):
        raise TrainError(f"the dataset cannot be read: {folder}", got=str(inputs.shape), do="prepare it again")
    held_out = int(manifest["first_held_out"])
    if not 0 <= held_out <= count or not isinstance(manifest["name"], str):
        raise TrainError(
            f"the dataset cannot be read: {folder}", got=f"{held_out:.0f} of {count}", do="prepare it again"
        )
    stats = _nobody(config.canvas_px)
    take = Take(
        name=PAIRS,
        folder=folder / PAIRS,
        frames=frames,
        placed_px=np.zeros((count, K, 2), np.float32),
        registered_px=np.zeros((count, K, 2), np.float32),
        scores=np.zeros((count, K), np.float32),
        size_px=np.ones(count),
        t_s=np.arange(count) / PAIRS_FPS,
        weight=np.ones(count, np.float32),
        plate=np.zeros((height, width, 3), np.uint8),
        stats=stats,
        source_stats=stats,
        first_held_out=held_out,
    )
    atlas = Atlas.empty()
    drawer = Conditioner(config, target=stats, atlas=atlas, performer=stats)
    return PairDataset(folder, manifest["name"], PAIRS_FPS, config, PAIRS, atlas, {PAIRS: take}, drawer, inputs)


def _nobody(size: tuple[int, int]) -> BodyStats:
    """Placeholder measures: pairs have no figure."""
    names = "near_y far_y near_height far_height hip_x neck_x neck_y head hand"
    zeros = dict.fromkeys(names.split(), 0.0)
    return BodyStats(
        image_size=size, torso=1.0, shoulder=1.0, has_legs=False, bones=tuple(0.0 for _ in BONE_NAMES), **zeros
    )

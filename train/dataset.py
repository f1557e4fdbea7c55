"""A prepared dataset, and the rollouts that training draws from it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from live.puppet.atlas import Atlas, load_atlas
from live.puppet.body_stats import BodyStats
from live.puppet.condition import Conditioner
from live.puppet.config import POSE_MAP_SHRINK, PuppetConfig
from live.puppet.errors import PuppetError
from live.puppet.fingerprint import fingerprint
from live.puppet.pose_map import CHANNELS
from live.puppet.topology import BODY
from live.puppet.values import Conditioning, PlacedPose
from train.errors import TrainError
from train.take import Take, open_take

U8 = NDArray[np.uint8]
FORMAT = 1
REFINED_SHARE = 0.75  # of rollouts; the rest uses the poses as live sees them
SHIFT_PX = 24.0  # how far a crop's centre wanders from the joint it was laid on


@dataclass(frozen=True, slots=True)
class Batch:
    """Training rollouts. pose_map (B, T, h/4, w/4, C), doll and real (B, T, h, w, 4) RGBA, all uint8; weight (B,)
    float32.

    In `real`, A is the matte and RGB the video's own picture, background included.
    """

    pose_map: U8
    doll: U8
    real: U8
    weight: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder written by `prepare`. `drawer` makes conditionings; it keeps no state here (only `draw` is used)."""

    folder: Path
    name: str
    fps: float
    config: PuppetConfig
    estimator: str
    atlas: Atlas
    takes: dict[str, Take]
    drawer: Conditioner = field(repr=False)

    @property
    def canvas(self) -> tuple[int, int]:
        """(width, height)."""
        return self.config.canvas_px

    @property
    def pose_map_channels(self) -> int:
        """C of the pose map."""
        return CHANNELS

    def draw(self, placed: PlacedPose) -> Conditioning:
        """What live would give the generator for this pose."""
        return self.drawer.draw(placed)

    def sequence(
        self, take: Take, start: int, stop: int, *, refined: bool = False
    ) -> Iterator[tuple[Conditioning, U8]]:
        """Whole-canvas frames in order for evaluation: conditioning and the real (H, W, 4) RGBA frame."""
        for index in range(start, stop):
            yield self.draw(take.placed(index, refined=refined)), np.asarray(take.frames[index])


def open_dataset(folder: Path) -> Dataset:
    """Raises TrainError when the folder is not a dataset, or was prepared with other drawing rules than this
    version's.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
        if not isinstance(manifest, dict):
            raise ValueError(f"dataset.json holds a {type(manifest).__name__}")
    except (OSError, ValueError) as error:
        raise TrainError(
            f"not a dataset: {folder}", got=str(error), do="make one with: python -m train prepare VIDEO --name NAME"
        ) from error
    if manifest.get("format") != FORMAT:
        raise TrainError(f"dataset of another format: {folder}", got=str(manifest.get("format")), wanted=str(FORMAT))
    try:
        return _open(folder, manifest)
    except (PuppetError, LookupError, TypeError, AttributeError) as error:
        raise TrainError(f"the dataset cannot be read: {folder}", got=str(error), do="prepare it again") from error


def _open(folder: Path, manifest: dict[str, Any]) -> Dataset:
    config = PuppetConfig.from_json(manifest["puppet"])
    if manifest["fingerprint"] != fingerprint(config):
        raise TrainError(
            f"the dataset was prepared with other drawing rules: {folder}",
            got=manifest["fingerprint"],
            wanted=fingerprint(config),
            do="prepare it again",
        )
    atlas = load_atlas(folder / "atlas.npz")
    takes = {name: open_take(folder / name, entry) for name, entry in manifest["takes"].items()}
    if not takes:
        raise TrainError(f"the dataset has no takes: {folder}", do="prepare it again")
    first: BodyStats = next(iter(takes.values())).stats
    drawer = Conditioner(config, target=first, atlas=atlas, performer=first)
    return Dataset(folder, manifest["name"], manifest["fps"], config, manifest["estimator"], atlas, takes, drawer)


class Rollouts:
    """Endless random training rollouts: `length` consecutive frames, cropped around the figure. Seeded; state can be
    saved.

    Held-out frames are never drawn, unless `held_out`, then only they; frames of weight 0 never. A rollout's weight
    is that of its least trusted frame.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        length: int,
        batch: int,
        crop: tuple[int, int] = (256, 384),
        seed: int = 0,
        held_out: bool = False,
    ) -> None:
        self._dataset, self.length, self._batch, self._crop = dataset, length, batch, crop
        self._rng = np.random.default_rng(seed)
        self._takes = list(dataset.takes.values())
        self._chances = [self._chance(take, held_out) for take in self._takes]
        totals = np.array([c.sum() for c in self._chances])
        if totals.sum() <= 0:
            raise TrainError(
                "no frame can be trained on", got="all poses are weighed 0", do="film again in better light"
            )
        self._take_chance = totals / totals.sum()

    def _chance(self, take: Take, held_out: bool) -> NDArray[np.float64]:
        """1 for each frame at which a rollout may start, 0 where it would leave the split or meet a pose of weight
        0.
        """
        frames = take.held_out if held_out else take.trained_on
        chance = np.zeros(len(take), np.float64)
        stop = frames.stop - self.length + 1
        if stop > frames.start:
            windows = np.lib.stride_tricks.sliding_window_view(take.weight[frames.start : frames.stop], self.length)
            chance[frames.start : stop] = windows.min(axis=1) > 0
        return chance

    def state(self) -> dict[str, Any]:
        """The random state, for a checkpoint."""
        return dict(self._rng.bit_generator.state)

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue as the saved one would have."""
        self._rng.bit_generator.state = state

    def sample(self) -> Batch:
        """The next batch; its arrays are the caller's."""
        width, height = self._crop
        small = (self._batch, self.length, height // POSE_MAP_SHRINK, width // POSE_MAP_SHRINK, CHANNELS)
        pose_map = np.empty(small, np.uint8)
        doll = np.empty((self._batch, self.length, height, width, 4), np.uint8)
        real = np.empty_like(doll)
        weight = np.empty(self._batch, np.float32)
        for b in range(self._batch):
            number = int(self._rng.choice(len(self._takes), p=self._take_chance))
            take, chance = self._takes[number], self._chances[number]
            start = int(self._rng.choice(len(chance), p=chance / chance.sum()))
            refined = bool(self._rng.random() < REFINED_SHARE)
            x, y = self._corner(take, start)
            weight[b] = take.weight[start : start + self.length].min()
            for t in range(self.length):
                drawn = self._dataset.draw(take.placed(start + t, refined=refined))
                quarter = np.s_[y // 4 : (y + height) // 4, x // 4 : (x + width) // 4]
                pose_map[b, t] = drawn.pose_map[quarter]
                doll[b, t] = drawn.doll[y : y + height, x : x + width]
                real[b, t] = take.frames[start + t, y : y + height, x : x + width]
        return Batch(pose_map, doll, real, weight)

    def _corner(self, take: Take, index: int) -> tuple[int, int]:
        """Left and top of a crop laid on a random joint of the body; multiples of the pose map's shrink."""
        seen = np.flatnonzero(take.scores[index, BODY] > 0)
        joint = int(self._rng.choice(seen)) if len(seen) else 0
        centre = take.placed_px[index, joint] + self._rng.normal(0, SHIFT_PX, 2)
        corner = []
        for at, side, whole in zip(centre, self._crop, self._dataset.canvas, strict=True):
            low = int(min(max(at - side / 2, 0), whole - side))
            corner.append(low // POSE_MAP_SHRINK * POSE_MAP_SHRINK)
        return corner[0], corner[1]

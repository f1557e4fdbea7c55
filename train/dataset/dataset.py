"""A prepared dataset: a folder that `prepare` wrote."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from engines.arrays import U8
from live.puppet.condition import Conditioner
from live.puppet.config import PuppetConfig
from live.puppet.drawing.atlas import Atlas, load_atlas
from live.puppet.drawing.pose_map import CHANNELS
from live.puppet.fingerprint import fingerprint
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.values import Conditioning, PlacedPose
from train.dataset.take import Take, open_take
from train.errors import TrainError

_SEPARATORS = frozenset("/\\:")


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
    def has_poses(self) -> bool:
        """False for picture pairs (`train.dataset.pairs`): no skeleton, no puppet."""
        return True

    @property
    def pose_map_channels(self) -> int:
        """C of the pose map."""
        return CHANNELS

    def draw(self, placed: PlacedPose, before: Conditioning | None = None) -> Conditioning:
        """What live would give the generator for this pose, after the frame `before`; see `Conditioner.draw`."""
        return self.drawer.draw(placed, before)

    def sequence(
        self, take: Take, start: int, stop: int, *, refined: bool = False
    ) -> Iterator[tuple[Conditioning, U8]]:
        """Whole-canvas frames in order for evaluation: conditioning and the real (H, W, 4) RGBA frame."""
        drawn: Conditioning | None = None
        for index in range(start, stop):
            drawn = self.draw(take.placed(index, refined=refined), drawn)
            yield drawn, np.asarray(take.frames[index])


def read_dataset(folder: Path, manifest: dict[str, Any]) -> Dataset:
    """Open what `prepare` wrote; `manifest` is its dataset.json. Raises TrainError and whatever wrong JSON leads to."""
    config = PuppetConfig.from_json(manifest["puppet"])
    if manifest["fingerprint"] != fingerprint(config):
        raise TrainError(
            f"the dataset was prepared with other drawing rules: {folder}",
            got=manifest["fingerprint"],
            wanted=fingerprint(config),
            do="prepare it again",
        )
    named, fps = (manifest["name"], manifest["estimator"], *manifest["takes"]), manifest["fps"]
    if any(not isinstance(name, str) or not name.isprintable() for name in named):
        raise ValueError(f"its names are {named!r:.80}")
    if any(_SEPARATORS & set(take) or take.startswith(".") for take in manifest["takes"]):  # they name files
        raise ValueError(f"its takes are {list(manifest['takes'])!r:.80}")
    if isinstance(fps, bool) or not isinstance(fps, int | float) or not 0 < fps <= 1000:
        raise ValueError(f"its fps are {fps!r:.40}")
    atlas = load_atlas(folder / "atlas.npz")
    takes = {name: open_take(folder / name, entry) for name, entry in manifest["takes"].items()}
    if not takes:
        raise TrainError(f"the dataset has no takes: {folder}", do="prepare it again")
    first: BodyStats = next(iter(takes.values())).stats
    drawer = Conditioner(config, target=first, atlas=atlas, performer=first)
    return Dataset(folder, manifest["name"], manifest["fps"], config, manifest["estimator"], atlas, takes, drawer)

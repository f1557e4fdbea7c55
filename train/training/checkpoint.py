"""The run folder's `last.pt` and `best.pt`: everything that a run needs to go on as if it had never stopped."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from train.errors import TrainError
from train.training.config import RunConfig
from train.training.tensor_file import read_tensors, write_tensors

NAME = "last.pt"
BEST = "best.pt"  # of the smallest cross-validation loss; written only when it is beaten
VERSION = 3  # 2: the matte gain; 3: batch norm


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One moment of a run. `trainer`: `Trainer.state()`. `data`: `Rollouts.state()`, plain JSON values.

    `pose_map_channels` and `fingerprint` (of the puppet that drew the data set) say what the networks were trained on.
    `best`: smallest cross-validation loss so far (infinite before the first). `pending`: the losses of the steps since
    the last row of the curve, one list a step.
    """

    config: RunConfig
    steps_done: int
    elapsed_s: float
    rollout_length: int
    pose_map_channels: int
    fingerprint: str
    trainer: dict[str, Any]
    data: Any
    best: float = math.inf
    pending: list[list[float]] = field(default_factory=list)


def save_checkpoint(folder: Path, checkpoint: Checkpoint, *, best: bool = False) -> None:
    """Write `last.pt` (or `best.pt`) beside its old self and then put it in its place: a crash or full disk leaves the
    old one whole.

    Raises TrainError when it cannot be written.
    """
    values = {
        "version": VERSION,
        "config": json.dumps(checkpoint.config.to_json()),
        "steps_done": checkpoint.steps_done,
        "elapsed_s": checkpoint.elapsed_s,
        "rollout_length": checkpoint.rollout_length,
        "pose_map_channels": checkpoint.pose_map_channels,
        "fingerprint": checkpoint.fingerprint,
        "trainer": checkpoint.trainer,
        "data": json.dumps(checkpoint.data),
        "best": checkpoint.best,
        "pending": checkpoint.pending,
    }
    write_tensors(folder / (BEST if best else NAME), values)


def load_checkpoint(folder: Path, *, best: bool = False) -> Checkpoint:
    """Read `last.pt` (or `best.pt`) of a run folder. Tensors and plain values only: nothing in it is executed. Raises
    TrainError.
    """
    path = folder / (BEST if best else NAME)
    if not path.is_file():
        raise TrainError(
            "no checkpoint",
            got=str(folder),
            wanted=f"a run folder with {path.name}",
            do="train until the first cross-validation, or leave out --best"
            if best and (folder / NAME).is_file()
            else "train first: python -m train run",
        )
    try:
        values = read_tensors(path)
        if values["version"] != VERSION:
            raise TrainError(
                "a checkpoint of another version", got=str(values["version"]), wanted=str(VERSION), do="train anew"
            )
        return Checkpoint(
            config=RunConfig.from_json(json.loads(values["config"])),
            steps_done=int(values["steps_done"]),
            elapsed_s=float(values["elapsed_s"]),
            rollout_length=int(values["rollout_length"]),
            pose_map_channels=int(values["pose_map_channels"]),
            fingerprint=str(values["fingerprint"]),
            trainer=values["trainer"],
            data=json.loads(values["data"]),
            best=float(values.get("best", math.inf)),
            pending=values.get("pending", []),
        )
    except TrainError:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise TrainError(
            f"a damaged checkpoint: {path}", got=f"{type(error).__name__}: {error}", do="train anew"
        ) from error

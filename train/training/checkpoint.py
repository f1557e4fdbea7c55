"""The run folder's `last.pt` and `best.pt`: everything a run needs to continue as if it had never stopped."""

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn

from engines.system.json_file import parse_json
from train.errors import TrainError
from train.networks.networks import DeployedGenerator
from train.networks.presets import build_generator
from train.training.config import RunConfig
from train.training.field import is_version, seconds, shown, table, text, whole
from train.training.tensor_file import read_tensors, write_tensors

NAME = "last.pt"
BEST = "best.pt"  # the one with the smallest cross-validation loss; written only when that is beaten
VERSION = 3  # 2: the matte gain; 3: batch norm


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One moment of a run. `trainer`: `Trainer.state()`. `data`: `Rollouts.state()`, plain JSON values.

    `pose_map_channels` and `fingerprint` (of the puppet that drew the data set) say what the networks were trained on.
    `best`: smallest cross-validation loss so far (infinite before the first). `pending`: the losses of the steps since
    the last row of the curve, one list per step.
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
    """Write `last.pt` (or `best.pt`) to a new file, then swap it in: a crash or full disk leaves the old one whole.

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
        if not is_version(values["version"], VERSION):
            raise TrainError(
                "the checkpoint is of another version",
                got=shown(values["version"]),
                wanted=str(VERSION),
                do="train again",
            )
        return _checkpoint(values)
    except TrainError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise TrainError(
            f"a damaged checkpoint: {path}", got=f"{type(error).__name__}: {error}", do="train again"
        ) from error


def _checkpoint(values: dict[str, Any]) -> Checkpoint:
    return Checkpoint(
        config=RunConfig.from_json(parse_json(values["config"])),
        steps_done=whole(values, "steps_done"),
        elapsed_s=seconds(values, "elapsed_s"),
        rollout_length=whole(values, "rollout_length", least=1),
        pose_map_channels=whole(values, "pose_map_channels"),
        fingerprint=text(values, "fingerprint"),
        trainer=table(values, "trainer"),
        data=parse_json(values["data"]),
        best=_loss(values.get("best", math.inf)),
        pending=_losses(values.get("pending", [])),
    )


def _loss(value: object) -> float:
    if not isinstance(value, float) or math.isnan(value):
        raise ValueError(f"a loss is {shown(value)}")
    return value


def _losses(value: object) -> list[list[float]]:
    if not isinstance(value, list) or not all(isinstance(row, list) for row in value):
        raise ValueError(f"pending is {shown(value)}")
    return [[_loss(loss) for loss in row] for row in value]


def averaged_generator(checkpoint: Checkpoint) -> nn.Module:
    """The generator with the averaged weights of a checkpoint, for evaluation and export."""
    config = checkpoint.config
    generator = build_generator(
        config.preset, checkpoint.pose_map_channels, uses_doll=config.doll, temporal=config.temporal
    )
    generator.load_state_dict(checkpoint.trainer["average"])
    return generator.requires_grad_(False).eval()


def deployed(checkpoint: Checkpoint) -> DeployedGenerator:
    """The averaged generator as it is exported, on the run's device if this machine has it."""
    wanted = torch.device(checkpoint.config.device)
    device = wanted if wanted.type != "cuda" or torch.cuda.is_available() else torch.device("cpu")
    return DeployedGenerator(averaged_generator(checkpoint)).eval().to(device)

"""The run folder's `last.pt`: everything that a run needs to go on as if it had never stopped."""

import contextlib
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from train.config import RunConfig
from train.errors import TrainError

NAME = "last.pt"
VERSION = 3  # 2: the matte gain; 3: batch norm


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One moment of a run. `trainer`: `Trainer.state()`. `data`: `Rollouts.state()`, plain JSON values.

    `pose_map_channels` and `fingerprint` (of the puppet that drew the data set) say what the networks were trained on.
    """

    config: RunConfig
    steps_done: int
    elapsed_s: float
    rollout_length: int
    pose_map_channels: int
    fingerprint: str
    trainer: dict[str, Any]
    data: Any


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `last.pt` beside its old self and then put it in its place: a crash or full disk leaves the old one whole.

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
    }
    final, partial = folder / NAME, folder / (NAME + ".part")
    try:
        with partial.open("wb") as file:
            torch.save(values, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(final)
    except (OSError, RuntimeError) as error:  # torch gives RuntimeError when its writer runs out of disk
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise TrainError(
            f"cannot write the checkpoint {final}",
            got=str(error).splitlines()[0],
            do="make room on the disk; the last checkpoint is whole, go on from it with --resume",
        ) from error


def load_checkpoint(folder: Path) -> Checkpoint:
    """Read `last.pt` of a run folder. Tensors and plain values only: nothing in it is executed. Raises TrainError."""
    path = folder / NAME
    if not path.is_file():
        raise TrainError(
            "no checkpoint", got=str(folder), wanted=f"a run folder with {NAME}", do="train first: python -m train run"
        )
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
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
        )
    except TrainError:
        raise
    except Exception as error:  # torch.load raises nearly anything for a damaged file
        raise TrainError(
            f"a damaged checkpoint: {path}", got=f"{type(error).__name__}: {error}", do="train anew"
        ) from error

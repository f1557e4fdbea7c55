"""The loaders of the trainer. Needs torch."""

import json
import math
from pathlib import Path

import numpy as np
import torch

from live.puppet.values import BOUND_PX
from tests.fuzz.array_mutations import NPZ
from tests.fuzz.loader import Loader
from tests.fuzz.loaders import in_range
from tests.fuzz.mutations import JSON
from tests.fuzz.set_loaders import SET_LOADERS
from tests.fuzz.tensor_mutations import TENSORS
from tests.train.dataset_folder import write_dataset
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.dataset.rollouts import Rollouts
from train.dataset.take import Take, open_take
from train.training.checkpoint import NAME, Checkpoint, load_checkpoint, save_checkpoint
from train.training.config import RunConfig
from train.training.face_checkpoint import NAME as FACE
from train.training.face_checkpoint import FaceCheckpoint, load_face, save_face


def write_run(folder: Path) -> None:
    """A checkpoint of a run and one of a face, of a few bytes."""
    state, config = dict(np.random.default_rng(3).bit_generator.state), RunConfig("data", minutes=2.5, crop=(64, 96))
    trainer = {"average": {"w": torch.arange(3.0)}, "steps_done": 7, "noise": torch.arange(9)}
    save_checkpoint(folder, Checkpoint(config, 7, 1.5, 4, 20, "abc", trainer, state, 0.25, [[1.0, 0.1]]))
    save_face(folder, FaceCheckpoint(7, 1.5, "abc", trainer, state))


def write_config(folder: Path) -> None:
    """The configuration of a run."""
    (folder / "config.json").write_text(json.dumps(RunConfig("data", steps=9).to_json()))


def read_config(folder: Path) -> RunConfig:
    """It as a checkpoint would hold it."""
    from engines.system.json_file import read_json
    from train.errors import TrainError

    try:
        return RunConfig.from_json(read_json(folder / "config.json"))
    except (OSError, ValueError) as error:  # as load_checkpoint does
        raise TrainError("a damaged configuration", got=str(error)) from error


def config(value: object) -> None:
    """A configuration that can be trained with."""
    assert isinstance(value, RunConfig) and 0 < value.batch <= 4096 and 0 < max(value.crop) <= 2048
    for progress in (0.0, 0.5, 1.0):
        length, batch = value.rollout(progress)
        assert 2 <= length <= 512 and batch > 0
    assert math.isfinite(value.minutes) and math.isfinite(value.learning_rate)
    json.dumps(value.to_json(), allow_nan=False).encode()


def checkpoint(value: object) -> None:
    """A moment of a run from which one can go on, or be told."""
    assert isinstance(value, Checkpoint) and value.steps_done >= 0 and 0 <= value.elapsed_s < math.inf
    assert value.rollout_length >= 1 and not math.isnan(value.best) and isinstance(value.trainer, dict)
    config(value.config)


def face(value: object) -> None:
    """The same of a face's training."""
    assert isinstance(value, FaceCheckpoint) and value.steps_done >= 0 and 0 <= value.elapsed_s < math.inf
    assert isinstance(value.trainer, dict) and value.generator.isprintable()


def take(value: object) -> None:
    """A take whose arrays fit each other."""
    assert isinstance(value, Take) and value.frames.shape[3] == 4 and value.plate.shape[:2] == value.frames.shape[1:3]
    for name, least in (("placed_px", -BOUND_PX), ("registered_px", -BOUND_PX), ("scores", 0), ("weight", 0)):
        array = getattr(value, name)
        assert len(array) == len(value) and in_range(array, BOUND_PX if least else 1) and array.min(initial=0) >= least


def dataset(value: object) -> None:
    """A data set of which a batch can be drawn, or that says that it cannot be trained on."""
    from train.errors import TrainError

    assert isinstance(value, Dataset) and 0 < value.fps <= 1000
    for each in value.takes.values():
        take(each)
    try:
        Rollouts(value, length=2, batch=1, crop=(64, 64)).sample()
    except TrainError:
        pass


def open_one_take(folder: Path) -> Take:
    """The take of the data set."""
    return open_take(folder / "full", json.loads((folder / "dataset.json").read_text())["takes"]["full"])


def _dataset(folder: Path) -> object:
    return write_dataset(folder, 30)


TRAIN_LOADERS = [
    *SET_LOADERS,
    Loader("checkpoint", write_run, (NAME,), load_checkpoint, checkpoint, own=TENSORS),
    Loader("face checkpoint", write_run, (FACE,), load_face, face, own=TENSORS),
    Loader("run config", write_config, ("config.json",), read_config, config, own=JSON),
    Loader("take poses", _dataset, ("full/placed.npz",), open_one_take, take, own=NPZ),
    Loader("take pictures", _dataset, ("full/frames.npy", "full/plate.png"), open_one_take, take),
    Loader("data set", _dataset, ("dataset.json",), open_dataset, dataset),
]

"""A run folder on a synthetic data set, made without training: the generator's zero weights are random."""

from pathlib import Path

import torch

from live.puppet.fingerprint import fingerprint
from train.dataset.loader import open_dataset
from train.training.checkpoint import Checkpoint, save_checkpoint
from train.training.config import RunConfig
from train.training.step import Trainer


def write_run(folder: Path, dataset_folder: Path, *, steps_done: int = 5, seen_fingerprint: str = "") -> Path:
    """Write `folder`/last.pt; `steps_done` 0 with fresh weights. Returns `folder`."""
    dataset = open_dataset(dataset_folder)
    config = RunConfig(str(dataset_folder), steps=5, precision="fp32")
    trainer = Trainer(config, dataset.pose_map_channels)
    trainer.steps_done = steps_done
    with torch.no_grad():
        for weights in trainer.average.parameters():
            if steps_done and not weights.any():
                weights.normal_(0, 0.02, generator=torch.Generator().manual_seed(0))
    folder.mkdir(parents=True)
    save_checkpoint(
        folder,
        Checkpoint(
            config=config,
            steps_done=steps_done,
            elapsed_s=60.0,
            rollout_length=2,
            pose_map_channels=dataset.pose_map_channels,
            fingerprint=seen_fingerprint or fingerprint(dataset.config),
            trainer=trainer.state(),
            data={},
        ),
    )
    return folder

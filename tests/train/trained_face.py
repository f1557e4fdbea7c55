"""A face network beside a run, made without training: its zero weights are random."""

from pathlib import Path

import torch

from train.training.checkpoint import load_checkpoint
from train.training.face_checkpoint import FaceCheckpoint, generator_hash, save_face
from train.training.face_step import FaceTrainer


def write_face(run: Path, *, generator: str = "") -> Path:
    """Write `run`/face.pt; `generator`: the hash of another generator than the run's. Returns `run`."""
    checkpoint = load_checkpoint(run)
    trainer = FaceTrainer(checkpoint.config)
    with torch.no_grad():
        for weights in trainer.average.parameters():
            if not weights.any():
                weights.normal_(0, 0.02, generator=torch.Generator().manual_seed(0))
    save_face(run, FaceCheckpoint(3, 30.0, generator or generator_hash(checkpoint), trainer.state(), {}))
    return run

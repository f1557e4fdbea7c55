"""Cross-validation: the averaged generator on a few fixed rollouts that are never trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from engines.arrays import U8
from train.dataset.rollouts import Batch
from train.networks import losses
from train.networks.discriminator import FACE
from train.networks.networks import DeployedGenerator
from train.report import sheet
from train.training.step import Trainer

GREY = np.array([128, 128, 128], np.uint8)


@dataclass(frozen=True, slots=True)
class Validation:
    """Means over the held-out rollouts' last frames. `loss`: their sum by the weights of training, which decides
    `best.pt`. `perceptual`: over mid-grey; 0 if switched off.
    """

    loss: float
    matte: float
    foreground: float
    perceptual: float


class HeldOut:
    """Fixed rollouts of held-out frames. Nothing is random, and the trainer is not changed: training continues, to the
    bit, as if it had not been looked at.
    """

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._batches = batches

    def validate(self, trainer: Trainer) -> Validation:
        """Measure the averaged weights as they would be shipped, in whole levels and in closed loop from zeros."""
        terms = torch.stack([self._terms(trainer, batch) for batch in self._batches])
        matte, foreground, perceptual = terms.double().mean(0).tolist()
        w = trainer.config.weights
        loss = w.matte * matte + w.foreground * foreground + w.perceptual * perceptual
        return Validation(loss, matte, foreground, perceptual)

    def sheet(self, trainer: Trainer) -> U8:
        """(H, W, 3): pose map, doll, generated (by the averaged weights) and real: last frames of the first batch."""
        batch = self._batches[0]
        frames = _generate(trainer, batch).cpu().numpy()
        columns, last = range(len(frames)), -1
        rows = [
            ("pose map", [sheet.pose_map_picture(batch.pose_map[i, last]) for i in columns]),
            ("doll", [sheet.composite_over(batch.doll[i, last], GREY) for i in columns]),
            (f"generated, step {trainer.steps_done}", [sheet.composite_over(frames[i], GREY) for i in columns]),
            ("real", [sheet.composite_over(batch.real[i, last], GREY) for i in columns]),
        ]
        return sheet.contact_sheet(rows, cell_height_px=batch.doll.shape[2])

    def sample(self, trainer: Trainer) -> U8:
        """(h, w, 3): one generated picture of the sheet: the first with a face, if any."""
        batch = self._batches[0]
        faces = np.isfinite(batch.spots[:, -1, FACE]).all(1)
        return sheet.composite_over(_generate(trainer, batch)[int(np.argmax(faces))].cpu().numpy(), GREY)

    def _terms(self, trainer: Trainer, batch: Batch) -> Tensor:
        """(3,): matte, foreground and perceptual loss of the last frames."""
        generated, real = (_planes(frames, trainer) for frames in (_generate(trainer, batch), batch.real[:, -1]))
        weight = torch.from_numpy(batch.weight).to(trainer.device)
        perceptual = torch.zeros((), device=trainer.device)
        with torch.no_grad():
            if trainer.perceptual is not None:
                ours, theirs = (
                    trainer.perceptual(losses.composite_over(part, part.new_tensor(0.5))) for part in (generated, real)
                )
                perceptual = losses.feature_l1(ours, theirs, weight, trainer.perceptual.layer_weights)
            matte = losses.matte_l1(generated, real, weight)
            return torch.stack([matte, losses.foreground_l1(generated, real, weight), perceptual]).cpu()


def _generate(trainer: Trainer, batch: Batch) -> Tensor:
    """(B, h, w, 4) uint8: the last frame of each rollout, in closed loop from zeros."""
    network = DeployedGenerator(trainer.average)
    pose_map, doll = (torch.from_numpy(array).to(trainer.device) for array in (batch.pose_map, batch.doll))
    frames = torch.zeros_like(doll[:, 0])
    with torch.inference_mode():
        for t in range(doll.shape[1]):
            frames = network(pose_map[:, t], doll[:, t], frames)
    return frames


def _planes(frames: Tensor | np.ndarray, trainer: Trainer) -> Tensor:
    """(B, h, w, 4) uint8 as (B, 4, h, w) in 0..1."""
    return torch.as_tensor(frames).to(trainer.device).permute(0, 3, 1, 2).float() / 255

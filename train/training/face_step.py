"""One optimisation step of the face network and its discriminator, on pairs of faces."""

import copy
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from live.render.face import FEATHER
from train.networks import losses
from train.networks.face_discriminator import FaceDiscriminator
from train.networks.face_network import FaceGenerator
from train.networks.networks import ClampStraightThrough
from train.networks.perceptual import open_perceptual
from train.training.config import BF16, RunConfig
from train.training.faces import FaceBatch
from train.training.optim import adversarial_share, rate_at, update_ema

LEARNING_RATE = 5e-4
GAN_START = 200  # the discriminator learns from step 0; from GAN_START on it counts, increasingly
# Weights of the losses, near those of the generator's own. (The paper: perceptual 5, adversarial 0.5, nothing else.)
L1, DETAIL, PERCEPTUAL, FEATURE_MATCHING, ADVERSARIAL = 3.0, 2.5, 1.5, 1.0, 0.1


@dataclass(frozen=True, slots=True)
class FaceReport:
    """The losses of one step, unweighted; 0 where switched off. `scores_right`: share of patches judged right."""

    total: float
    l1: float
    detail: float
    perceptual: float
    feature_matching: float
    adversarial: float
    discriminator: float
    scores_right: float


class FaceTrainer:
    """Owns the networks, their average, optimizers and noise. `step` is the only thing that changes them.

    Device, precision, seed, perceptual and adversarial loss are those of the generator's run. Deterministic on one CPU
    thread count.
    """

    def __init__(self, run: RunConfig) -> None:
        torch.manual_seed(run.seed)
        self.run, self.device = run, torch.device(run.device)
        self.network, self.discriminator = FaceGenerator(), FaceDiscriminator()
        for network in (self.network, self.discriminator):
            network.to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network).requires_grad_(False).eval()
        self.perceptual = open_perceptual(run.perceptual)
        if self.perceptual is not None:
            self.perceptual.to(self.device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), LEARNING_RATE, betas=(0.9, 0.99))
        self.discriminator_optimizer = torch.optim.Adam(
            self.discriminator.parameters(), LEARNING_RATE / 2, betas=(0.5, 0.99)
        )
        self.noise = torch.Generator().manual_seed(run.seed)
        self.feather = torch.from_numpy(FEATHER).to(self.device)
        self.steps_done = 0

    def step(self, batch: FaceBatch, progress: float) -> FaceReport:
        """One update; `progress`, the share of the stage done, 0..1, sets the learning rate."""
        self._set_rates(progress)
        seen, weight = self._shown(batch), torch.from_numpy(batch.weight).to(self.device)
        each = weight.repeat_interleave(2)
        with self._autocast():
            ours, theirs = seen.with_matte(seen.painted), seen.with_matte(seen.real)
            l1, detail = losses.foreground_l1(ours, theirs, each), losses.detail_l1(ours, theirs, each)
            perceptual = self._perceptual_loss(seen, each)
        reals, wrong, right = self._update_discriminator(seen, weight)
        feature, fooled = self._adversarial_losses(seen, reals, weight)
        share = adversarial_share(self.steps_done, GAN_START)
        total = L1 * l1 + DETAIL * detail + PERCEPTUAL * perceptual
        total = total + share * (FEATURE_MATCHING * feature + ADVERSARIAL * fooled)
        if math.isfinite(float(total.detach())):
            self.optimizer.zero_grad(set_to_none=True)
            total.backward()
            nn.utils.clip_grad_norm_(self.network.parameters(), self.run.clip_norm)
            self.optimizer.step()
            update_ema(self.average, self.network, steps_done=self.steps_done, slowest=self.run.ema_decay)
        self.steps_done += 1
        terms = (total, l1, detail, perceptual, feature, fooled, wrong, right)
        return FaceReport(*(float(term.detach()) for term in terms))

    def _shown(self, batch: FaceBatch) -> "_Shown":
        """The batch with its faces painted as live paints them: feathered, and at their size on the canvas."""
        face_map, crop, real = (
            torch.from_numpy(array).to(self.device).float().flatten(0, 1)
            for array in (batch.face_map, batch.generated, batch.real)
        )
        with self._autocast():
            face = ClampStraightThrough.apply(self.network(face_map, crop))
        before = crop[..., :3] / 255
        painted = before + as_pasted(self.feather[..., None] * (face - before), batch.side_px.reshape(-1))
        matte = torch.minimum(crop[..., 3:], real[..., 3:]) / 255
        return _Shown(*(x.permute(0, 3, 1, 2) for x in (face_map / 255, painted, real[..., :3] / 255, matte)))

    def _perceptual_loss(self, seen: "_Shown", weight: Tensor) -> Tensor:
        if self.perceptual is None:
            return torch.zeros((), device=self.device)
        colour = torch.rand(len(weight), 3, 1, 1, generator=self.noise).to(self.device)
        ours, theirs = (losses.composite_over(seen.with_matte(faces), colour) for faces in (seen.painted, seen.real))
        with torch.no_grad():
            wanted = self.perceptual(theirs)
        return losses.feature_l1(self.perceptual(ours), wanted, weight, self.perceptual.layer_weights)

    def _update_discriminator(self, seen: "_Shown", weight: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        """One step of D. Returns its activations on the real pairs, its loss, and the share of patches judged right."""
        with self._autocast():
            reals = self.discriminator(seen.maps(), seen.pairs(seen.real))
            fakes = self.discriminator(seen.maps(), seen.pairs(seen.painted.detach()))
            r, f = reals[-1], fakes[-1]
            loss = losses.discriminator_loss(self.run.gan, r, f, weight)
        if math.isfinite(float(loss.detach())):
            self.discriminator_optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.discriminator.parameters(), self.run.clip_norm)
            self.discriminator_optimizer.step()
        middle = losses.MIDDLE[self.run.gan]
        right = ((r > middle).float().mean() + (f < middle).float().mean()) / 2
        return [activation.detach() for activation in reals], loss, right

    def _adversarial_losses(self, seen: "_Shown", reals: list[Tensor], weight: Tensor) -> tuple[Tensor, Tensor]:
        """Feature matching and the adversarial loss. `reals` are D's activations from before its step."""
        self.discriminator.requires_grad_(False)
        with self._autocast():
            fakes = self.discriminator(seen.maps(), seen.pairs(seen.painted))
            feature = losses.feature_l1(fakes[:-1], reals[:-1], weight)
            fooled = losses.generator_loss(self.run.gan, fakes[-1], weight)
        self.discriminator.requires_grad_(True)
        return feature, fooled

    def _set_rates(self, progress: float) -> None:
        rate = rate_at(LEARNING_RATE, self.steps_done, progress)
        for optimizer, share in ((self.optimizer, 1.0), (self.discriminator_optimizer, 0.5)):
            for group in optimizer.param_groups:
                group["lr"] = rate * share

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.run.arithmetic == BF16)

    def state(self) -> dict[str, Any]:
        """Everything that `step` depends on, as tensors and plain values."""
        parts = {name: part.state_dict() for name, part in self._parts().items()}
        return {**parts, "noise": self.noise.get_state(), "steps_done": self.steps_done}

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue where `state()` was taken. Raises KeyError, RuntimeError or ValueError for other networks' state."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.noise.set_state(state["noise"])
        self.steps_done = int(state["steps_done"])

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "network": self.network,
            "average": self.average,
            "discriminator": self.discriminator,
            "optimizer": self.optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }


def as_pasted(changes: Tensor, side_px: NDArray[np.float32]) -> Tensor:
    """Changes (N, 128, 128, C) as they are after being pasted into squares of `side_px` (N,) canvas pixels and enlarged
    again: a small face keeps only means of several pixels, and the network is to blame only for those.
    """
    pasted = []
    for change, side in zip(changes.permute(0, 3, 1, 2), side_px.tolist(), strict=True):
        whole = tuple(change.shape[1:])
        if side < whole[0]:
            small = F.adaptive_avg_pool2d(change[None], max(round(side), 1))
            change = F.interpolate(small, whole, mode="bilinear", align_corners=False)[0]
        pasted.append(change)
    return torch.stack(pasted).permute(0, 2, 3, 1)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What the losses see, 0..1, (2B, C, 128, 128): maps, painted and real faces, and the matte that both have.

    Where only one of the two mattes is open, the face network is not to blame: it paints colours only.
    """

    face_map: Tensor
    painted: Tensor
    real: Tensor
    matte: Tensor

    def with_matte(self, faces: Tensor) -> Tensor:
        """(2B, 4, 128, 128)."""
        return torch.cat([faces, self.matte], 1)

    def maps(self) -> Tensor:
        """(B, 18, 128, 128): each frame's map next to the following one's."""
        return self.face_map.unflatten(0, (-1, 2)).flatten(1, 2)

    def pairs(self, faces: Tensor) -> Tensor:
        """(B, 6, 128, 128): each face next to the following one, premultiplied: D judges what is seen."""
        return (faces * self.matte).unflatten(0, (-1, 2)).flatten(1, 2)

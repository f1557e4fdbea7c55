"""One optimisation step: roll the generator out on its own frames, and update it and the discriminator."""

import copy
import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from train import losses
from train.config import RunConfig
from train.discriminator import TemporalDiscriminator, pairs
from train.networks import Generator, Within, from_cells, to_cells
from train.perceptual import open_perceptual

# How the fed-back frame is spoilt, so that a live start, a dropped frame or a mistake of its own does not throw it off.
ZERO_SHARE = 0.15
NOISE_LEVELS = 16.0  # largest standard deviation, in levels of 0..255
WARM_UP_STEPS = 100
RAMP_STEPS = 500  # the adversarial losses grow to their weight over this many steps
FINAL_RATE = 0.02  # of the learning rate, at the end of the run


class Batch(Protocol):
    """What a step is given: uint8 arrays (B, T, ...), see train/dataset.py."""

    @property
    def pose_map(self) -> NDArray[np.uint8]: ...  # (B, T, h/4, w/4, C)
    @property
    def doll(self) -> NDArray[np.uint8]: ...  # (B, T, h, w, 4)
    @property
    def real(self) -> NDArray[np.uint8]: ...  # (B, T, h, w, 4)
    @property
    def weight(self) -> NDArray[np.float32]: ...  # (B,)


@dataclass(frozen=True, slots=True)
class StepReport:
    """The losses of one step, unweighted; 0 where one is switched off. `scores_right`: share of patches that D judged right."""

    total: float
    composite: float
    matte: float
    foreground: float
    perceptual: float
    feature_matching: float
    adversarial: float
    discriminator: float
    scores_right: float


class Trainer:
    """Owns the networks, their averages and optimizers, and the noise. `step` is the only thing that changes them.

    Deterministic on one CPU thread count: the same seed and batches give the same bits.
    """

    def __init__(self, config: RunConfig, pose_map_channels: int) -> None:
        torch.manual_seed(config.seed)
        self.config, self.device = config, torch.device(config.device)
        self.generator = Generator(pose_map_channels, config.preset)
        self.discriminator = TemporalDiscriminator(pose_map_channels)
        for network in (self.generator, self.discriminator):
            network.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.generator).requires_grad_(False)
        self.perceptual = open_perceptual(config.perceptual)
        if self.perceptual is not None:
            self.perceptual.to(self.device)
        rate = config.learning_rate
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), rate, betas=(0.9, 0.99))
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), rate / 5, betas=(0.5, 0.99))
        self.noise = torch.Generator().manual_seed(config.seed)
        self.steps_done = 0

    def step(self, batch: Batch, progress: float) -> StepReport:
        """One update from one batch; `progress` is the share of the run that is done, 0..1, and sets the learning rate."""
        self._set_rates(progress)
        drawn = self._tensor(batch.pose_map)  # (B, T, h, w, C)
        pose_maps = drawn.permute(0, 1, 4, 2, 3) / 255  # (B, T, C, h, w)
        real = self._tensor(batch.real).permute(0, 1, 4, 2, 3) / 255  # (B, T, 4, H, W)
        weight = torch.from_numpy(np.asarray(batch.weight, np.float32)).to(self.device)
        with self._autocast():
            generated = self.roll_out(drawn, self._tensor(batch.doll))
            adversarial = self._adversarial_weight()
            if adversarial > 0:
                judged = self._update_discriminator(pose_maps, generated, real, weight)
            else:
                judged = (0.0, 0.0)
            total, report = self._generator_losses(pose_maps, generated, real, weight, adversarial)
        if math.isfinite(report[0]):
            self.generator_optimizer.zero_grad(set_to_none=True)
            total.backward()
            nn.utils.clip_grad_norm_(self.generator.parameters(), self.config.clip_norm)
            self.generator_optimizer.step()
            self._update_average()
        self.steps_done += 1
        return StepReport(*report, *judged)

    def roll_out(self, pose_maps: Tensor, dolls: Tensor) -> Tensor:
        """Frames (B, T, 4, H, W), each made from its own spoilt, detached predecessor; the first from zeros.

        `pose_maps` (B, T, h, w, C) and `dolls` (B, T, H, W, 4) in levels 0..255.
        """
        frames: list[Tensor] = []
        previous = torch.zeros_like(to_cells(dolls[:, 0]))
        for t in range(dolls.shape[1]):
            cells = Within.apply(self.generator(pose_maps[:, t], to_cells(dolls[:, t]), previous))
            previous = self._fed_back(cells.detach())
            frames.append(from_cells(cells).permute(0, 3, 1, 2))  # (B, 4, H, W)
        return torch.stack(frames, 1)

    def _fed_back(self, cells: Tensor) -> Tensor:
        """The frame as it comes back at the next step: whole levels, with noise, at times nothing at all."""
        count = cells.shape[0]
        size = torch.rand(count, 1, 1, 1, generator=self.noise) * NOISE_LEVELS
        keep = torch.rand(count, 1, 1, 1, generator=self.noise) >= ZERO_SHARE
        noise = torch.randn(cells.shape, generator=self.noise) * size
        return (cells * 255 + noise.to(self.device)).clamp(0, 255).round() * keep.to(self.device)

    def _generator_losses(
        self, pose_maps: Tensor, generated: Tensor, real: Tensor, weight: Tensor, adversarial: float
    ) -> tuple[Tensor, tuple[float, ...]]:
        w, (count, length) = self.config.weights, generated.shape[:2]
        fake, true, each = generated.flatten(0, 1), real.flatten(0, 1), weight.repeat_interleave(length)
        background = torch.rand(count, 1, 3, 1, 1, generator=self.noise).to(self.device).expand(-1, length, -1, -1, -1).flatten(0, 1)
        composite = losses.composite_l1(fake, true, background, each)
        matte = losses.matte_l1(fake, true, each)
        foreground = losses.foreground_l1(fake, true, each)
        total = w.composite * composite + w.matte * matte + w.foreground * foreground
        perceptual = feature = fooled = torch.zeros(())
        if self.perceptual is not None:
            perceptual = self._perceptual_loss(generated[:, -1], real[:, -1], background[::length], weight)
            total = total + w.perceptual * perceptual
        if adversarial > 0:
            feature, fooled = self._adversarial_losses(pose_maps, generated, real, weight)
            total = total + adversarial * (w.feature_matching * feature + w.adversarial * fooled)
        terms = (total, composite, matte, foreground, perceptual, feature, fooled)
        return total, tuple(float(term.detach()) for term in terms)

    def _perceptual_loss(self, generated: Tensor, real: Tensor, background: Tensor, weight: Tensor) -> Tensor:
        """The costliest loss: it sees half of each rollout's last frame (made from a fed-back one), at a random height."""
        assert self.perceptual is not None
        half = generated.shape[2] // 2
        top = int(torch.randint(half + 1, (), generator=self.noise)) // 2 * 2
        ours, theirs = (losses.over(part[:, :, top : top + half], background) for part in (generated, real))
        with torch.no_grad():
            wanted = self.perceptual(theirs)
        return losses.feature_l1(self.perceptual(ours), wanted, weight)

    def _adversarial_losses(
        self, pose_maps: Tensor, generated: Tensor, real: Tensor, weight: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Feature matching and the generator's least-squares loss, means over scales."""
        each = weight.repeat_interleave(generated.shape[1] - 1)
        self.discriminator.requires_grad_(False)
        fakes = self.discriminator(pairs(pose_maps), pairs(_seen(generated)))
        with torch.no_grad():
            reals = self.discriminator(pairs(pose_maps), pairs(_seen(real)))
        self.discriminator.requires_grad_(True)
        feature = [losses.feature_l1(f[:-1], r[:-1], each) for f, r in zip(fakes, reals, strict=True)]
        fooled = [losses.least_squares(f[-1], 1.0, each) for f in fakes]
        return torch.stack(feature).mean(), torch.stack(fooled).mean()

    def _update_discriminator(
        self, pose_maps: Tensor, generated: Tensor, real: Tensor, weight: Tensor
    ) -> tuple[float, float]:
        """One step of D. Returns its loss, and the share of patches that it judged right."""
        each = weight.repeat_interleave(generated.shape[1] - 1)
        found = self.discriminator(
            pairs(pose_maps).repeat(2, 1, 1, 1), torch.cat([pairs(_seen(real)), pairs(_seen(generated.detach()))])
        )
        scores = [scale[-1].chunk(2) for scale in found]
        terms = [losses.least_squares(r, 1.0, each) + losses.least_squares(f, 0.0, each) for r, f in scores]
        loss = 0.5 * torch.stack(terms).mean()
        if torch.isfinite(loss):
            self.discriminator_optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.discriminator.parameters(), self.config.clip_norm)
            self.discriminator_optimizer.step()
        right = [((r > 0.5).float().mean() + (f < 0.5).float().mean()) / 2 for r, f in scores]
        return float(loss.detach()), float(torch.stack(right).mean())

    def _adversarial_weight(self) -> float:
        return min(max((self.steps_done - self.config.gan_start + 1) / RAMP_STEPS, 0.0), 1.0)

    def _set_rates(self, progress: float) -> None:
        """Linear warm-up, then a cosine from the whole rate to FINAL_RATE of it."""
        cosine = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * min(progress, 1.0)))
        share = min((self.steps_done + 1) / WARM_UP_STEPS, 1.0) * cosine
        for optimizer, rate in (
            (self.generator_optimizer, self.config.learning_rate),
            (self.discriminator_optimizer, self.config.learning_rate / 5),
        ):
            for group in optimizer.param_groups:
                group["lr"] = rate * share

    def _update_average(self) -> None:
        """The weights that are shipped: a running mean, over few steps at first (a long one spoils the first hundreds)."""
        decay = min(self.config.ema_decay, (1 + self.steps_done) / (10 + self.steps_done))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)

    def _tensor(self, array: NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy(array).to(self.device).float()

    def _autocast(self) -> torch.autocast:
        return torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bf16")

    def state(self) -> dict[str, Any]:
        """Everything that `step` depends on, as tensors and plain values."""
        parts = {name: part.state_dict() for name, part in self._parts().items()}
        return {**parts, "noise": self.noise.get_state(), "steps_done": self.steps_done}

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue where `state()` was taken. Raises KeyError or RuntimeError for a state of other networks."""
        for name, part in self._parts().items():
            part.load_state_dict(state[name])
        self.noise.set_state(state["noise"])
        self.steps_done = int(state["steps_done"])

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "generator": self.generator,
            "average": self.average,
            "discriminator": self.discriminator,
            "generator_optimizer": self.generator_optimizer,
            "discriminator_optimizer": self.discriminator_optimizer,
        }


def _seen(sequence: Tensor) -> Tensor:
    """(B, T, 4, H, W) premultiplied: the discriminator judges what is seen, not colours behind the matte."""
    return torch.cat([sequence[:, :, :3] * sequence[:, :, 3:], sequence[:, :, 3:]], 2)

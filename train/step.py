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
    """The losses of one step, unweighted; 0 where switched off. `scores_right`: share of patches judged right."""

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
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.perceptual = open_perceptual(config.perceptual)
        if self.perceptual is not None:
            self.perceptual.to(self.device)
        rate = config.learning_rate
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), rate, betas=(0.9, 0.99))
        self.discriminator_optimizer = torch.optim.Adam(self.discriminator.parameters(), rate / 5, betas=(0.5, 0.99))
        self.noise = torch.Generator().manual_seed(config.seed)
        self.steps_done = 0

    def step(self, batch: Batch, progress: float) -> StepReport:
        """One update from one batch; `progress`, the share of the run that is done, 0..1, sets the learning rate."""
        self._set_rates(progress)
        drawn = self._tensor(batch.pose_map)  # (B, T, h, w, C)
        pose_maps = drawn.permute(0, 1, 4, 2, 3) / 255  # (B, T, C, h, w)
        real = self._tensor(batch.real).permute(0, 1, 4, 2, 3) / 255  # (B, T, 4, H, W)
        weight = torch.from_numpy(np.asarray(batch.weight, np.float32)).to(self.device)
        with self._autocast():
            generated = self.roll_out(drawn, self._tensor(batch.doll))
            total, terms = self._picture_losses(generated, real, weight)
        feature = fooled = wrong = right = torch.zeros(())
        share = self._adversarial_share()
        if share > 0:
            seen = _Pairs.of(pose_maps, generated, real, weight)
            reals, wrong, right = self._update_discriminator(seen)
            feature, fooled = self._adversarial_losses(seen, reals)
            w = self.config.weights
            total = total + share * (w.feature_matching * feature + w.adversarial * fooled)
        if math.isfinite(float(total.detach())):
            self.generator_optimizer.zero_grad(set_to_none=True)
            total.backward()
            nn.utils.clip_grad_norm_(self.generator.parameters(), self.config.clip_norm)
            self.generator_optimizer.step()
            self._update_average()
        self.steps_done += 1
        return StepReport(*(float(term.detach()) for term in (total, *terms, feature, fooled, wrong, right)))

    def roll_out(self, pose_maps: Tensor, dolls: Tensor) -> Tensor:
        """Frames (B, T, 4, H, W), each made from its own spoilt, detached predecessor; the first from zeros.

        `pose_maps` (B, T, h, w, C) and `dolls` (B, T, H, W, 4) in levels 0..255.
        """
        frames: list[Tensor] = []
        previous = torch.zeros_like(to_cells(dolls[:, 0]))
        for t in range(dolls.shape[1]):
            cells = Within.apply(self.generator(pose_maps[:, t], to_cells(dolls[:, t]), previous))
            frames.append(from_cells(cells).permute(0, 3, 1, 2))  # (B, 4, H, W)
            if t + 1 < dolls.shape[1]:
                previous = self._fed_back(cells.detach())
        return torch.stack(frames, 1)

    def _fed_back(self, cells: Tensor) -> Tensor:
        """The frame as it comes back at the next step: whole levels, with noise, at times nothing at all."""
        count = cells.shape[0]
        size = torch.rand(count, 1, 1, 1, generator=self.noise) * NOISE_LEVELS
        keep = torch.rand(count, 1, 1, 1, generator=self.noise) >= ZERO_SHARE
        noise = torch.randn(cells.shape, generator=self.noise) * size
        return (cells * 255 + noise.to(self.device)).clamp(0, 255).round() * keep.to(self.device)

    def _picture_losses(self, generated: Tensor, real: Tensor, weight: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The weighted sum, and composite, matte, foreground and perceptual loss."""
        w, (count, length) = self.config.weights, generated.shape[:2]
        fake, true, each = generated.flatten(0, 1), real.flatten(0, 1), weight.repeat_interleave(length)
        colour = torch.rand(count, 3, 1, 1, generator=self.noise).to(self.device)
        composite = losses.composite_l1(fake, true, colour.repeat_interleave(length, 0), each)
        matte = losses.matte_l1(fake, true, each)
        foreground = losses.foreground_l1(fake, true, each)
        perceptual = torch.zeros((), device=self.device)
        if self.perceptual is not None:
            perceptual = self._perceptual_loss(generated[:, -1], real[:, -1], colour, weight)
        total = w.composite * composite + w.matte * matte + w.foreground * foreground + w.perceptual * perceptual
        return total, [composite, matte, foreground, perceptual]

    def _perceptual_loss(self, generated: Tensor, real: Tensor, background: Tensor, weight: Tensor) -> Tensor:
        """The costliest loss: it sees half of each rollout's last frame (made from a fed-back one)."""
        assert self.perceptual is not None
        half = generated.shape[2] // 2
        top = int(torch.randint(half + 1, (), generator=self.noise)) // 2 * 2
        ours, theirs = (losses.over(part[:, :, top : top + half], background) for part in (generated, real))
        with torch.no_grad():
            wanted = self.perceptual(theirs)
        return losses.feature_l1(self.perceptual(ours), wanted, weight)

    def _update_discriminator(self, seen: "_Pairs") -> tuple[list[list[Tensor]], Tensor, Tensor]:
        """One step of D. Returns its activations on the real pairs, its loss, and the share of patches judged right."""
        count = len(seen.weight)
        with self._autocast():
            found = self.discriminator(
                torch.cat([seen.pose_maps, seen.pose_maps]), torch.cat([seen.real, seen.generated.detach()])
            )
            scores = [(scale[-1][:count], scale[-1][count:]) for scale in found]
            terms = [
                losses.least_squares(r, 1.0, seen.weight) + losses.least_squares(f, 0.0, seen.weight) for r, f in scores
            ]
            loss = 0.5 * torch.stack(terms).mean()
        if math.isfinite(float(loss.detach())):
            self.discriminator_optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.discriminator.parameters(), self.config.clip_norm)
            self.discriminator_optimizer.step()
        right = [((r > 0.5).float().mean() + (f < 0.5).float().mean()) / 2 for r, f in scores]
        reals = [[activation[:count].detach() for activation in scale] for scale in found]
        return reals, loss, torch.stack(right).mean()

    def _adversarial_losses(self, seen: "_Pairs", reals: list[list[Tensor]]) -> tuple[Tensor, Tensor]:
        """Feature matching and the generator's least-squares loss, means over scales.

        `reals` are D's activations from before its step: one step old, and a third of D's arithmetic saved.
        """
        self.discriminator.requires_grad_(False)
        with self._autocast():
            fakes = self.discriminator(seen.pose_maps, seen.generated)
            feature = [losses.feature_l1(f[:-1], r[:-1], seen.weight) for f, r in zip(fakes, reals, strict=True)]
            fooled = [losses.least_squares(f[-1], 1.0, seen.weight) for f in fakes]
        self.discriminator.requires_grad_(True)
        return torch.stack(feature).mean(), torch.stack(fooled).mean()

    def _adversarial_share(self) -> float:
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
        """The weights that are shipped: a running mean, short at first (a long one spoils the first steps)."""
        decay = min(self.config.ema_decay, (1 + self.steps_done) / (10 + self.steps_done))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)
            for kept, new in zip(self.average.buffers(), self.generator.buffers(), strict=True):
                kept.copy_(new)  # the batch norms' statistics are running means already

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


@dataclass(frozen=True, slots=True)
class _Pairs:
    """What the discriminator is shown: each frame beside the next. pose_maps (N, 2C, h, w), frames (N, 8, H, W), 0..1.

    Frames are premultiplied: it judges what is seen, not colours behind the matte. `weight`: (N,).
    """

    pose_maps: Tensor
    generated: Tensor
    real: Tensor
    weight: Tensor

    @staticmethod
    def of(pose_maps: Tensor, generated: Tensor, real: Tensor, weight: Tensor) -> "_Pairs":
        """From sequences (B, T, ...) and one weight for each (B,)."""
        seen = [torch.cat([f[:, :, :3] * f[:, :, 3:], f[:, :, 3:]], 2) for f in (generated, real)]
        each = weight.repeat_interleave(generated.shape[1] - 1)
        return _Pairs(pairs(pose_maps), pairs(seen[0]), pairs(seen[1]), each)

"""One optimisation step: roll the generator out on its own frames, and update it and the discriminators."""

import copy
import math
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from train.errors import TrainError
from train.networks import losses
from train.networks.discriminator import LEFT_HAND, RIGHT_HAND
from train.networks.perceptual import open_perceptual
from train.networks.presets import build_generator
from train.training.adversary import Adversary
from train.training.config import RunConfig
from train.training.optim import adversarial_share, rate_at, update_ema
from train.training.processes import Processes, alone
from train.training.rollout import roll_out, there_and_back

REACH_PX = 96  # side of the square around a hand in which the doll's hand is kept: that of the largest takes


class TrainingBatch(Protocol):
    """What a step is given: uint8 arrays (B, T, ...), see train/dataset/dataset.py."""

    @property
    def pose_map(self) -> NDArray[np.uint8]: ...  # (B, T, h/4, w/4, C)
    @property
    def doll(self) -> NDArray[np.uint8]: ...  # (B, T, h, w, 4)
    @property
    def real(self) -> NDArray[np.uint8]: ...  # (B, T, h, w, 4)
    @property
    def spots(self) -> NDArray[np.float32]: ...  # (B, T, 3, 2)
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
    doll: float
    hands: float
    detail: float
    motion: float
    ping_pong: float
    distillation: float
    feature_matching: float
    adversarial: float
    discriminator: float
    scores_right: float


class Trainer:
    """Owns the networks, their averages and optimizers, and the noise. `step` is the only thing that changes them.

    `teacher`: a frozen generator to learn from besides the real frames, or None. `processes`: those that train
    together, each with its share of every batch; by default this one alone. Deterministic for one CPU thread count: the
    same seed and batches give the same bits.
    """

    def __init__(
        self,
        config: RunConfig,
        pose_map_channels: int,
        *,
        teacher: nn.Module | None = None,
        processes: Processes | None = None,
    ) -> None:
        torch.manual_seed(config.seed)
        self.config, self.processes = config, processes or alone(config)
        self.device = self.processes.device
        self.generator = build_generator(
            config.preset, pose_map_channels, uses_doll=config.doll, temporal=config.temporal
        )
        self.generator.to(self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        rate = config.learning_rate
        self.adversary = Adversary(
            pose_map_channels,
            frames=2 if config.temporal else 1,
            kind=config.gan,
            rate=rate,
            clip_norm=config.clip_norm,
            processes=self.processes,
        )
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.perceptual, self.teacher = open_perceptual(config.perceptual), teacher
        for frozen in filter(None, (self.perceptual, self.teacher)):
            frozen.to(self.device).requires_grad_(False).eval()
        self.generator_optimizer = torch.optim.Adam(self.generator.parameters(), rate, betas=(0.9, 0.99))
        self.noise = torch.Generator().manual_seed(config.seed)
        self._nothing = torch.zeros((), dtype=torch.float64, device=self.device)
        self.steps_done = 0

    def step(self, batch: TrainingBatch, progress: float) -> StepReport:
        """One update from one batch; `progress`, the share of the run done, 0..1, sets the learning rate."""
        self._set_rates(progress)
        drawn, doll = self._tensor(batch.pose_map), self._tensor(batch.doll)  # (B, T, h, w, C), (B, T, H, W, 4)
        real = self._tensor(batch.real).permute(0, 1, 4, 2, 3) / 255  # (B, T, 4, H, W)
        weight, spots = self._numbers(batch.weight), self._numbers(batch.spots)
        length = doll.shape[1]
        swing = self.config.weights.ping_pong > 0
        with self.processes.autocast():
            rolled = (there_and_back(drawn), there_and_back(doll)) if swing else (drawn, doll)
            both = roll_out(self.generator, *rolled, self.noise, self.processes.share)
            generated = both[:, :length]
            terms = self._picture_losses(generated, real, weight)
            if self.config.doll:
                terms.update(self._doll_losses(generated, doll.permute(0, 1, 4, 2, 3) / 255, spots, weight))
            if self.config.temporal and self.config.weights.motion > 0:
                terms["motion"] = losses.motion_l1(generated, real, weight)
            if swing:
                terms["ping_pong"] = losses.ping_pong(both, weight)
            if self.teacher is not None:
                terms["distillation"] = self._distillation(generated, drawn, doll, weight)
        found = {}
        share = adversarial_share(self.steps_done, self.config.gan_start)
        if share > 0:
            with self.processes.autocast():
                views = self.adversary.views(drawn.permute(0, 1, 4, 2, 3) / 255, generated, real, spots, weight)
                reals, found["discriminator"], found["scores_right"] = self.adversary.discriminator_losses(views)
                terms["feature_matching"], terms["adversarial"] = self.adversary.generator_losses(views, reals)
        total = self._update(terms, share)
        return self._report({"total": total, **terms, **found})

    def _update(self, terms: dict[str, Tensor], share: float) -> Tensor:
        """Sum the weighted losses, and step; nothing changes when the sum is not finite."""
        weights = self.config.weights
        total = sum(
            getattr(weights, name) * (share if name in ("feature_matching", "adversarial") else 1.0) * term
            for name, term in terms.items()
        )
        if math.isfinite(float(self.processes.mean(total.detach()))):  # all processes step, or none
            self.generator_optimizer.zero_grad(set_to_none=True)
            total.backward()
            self.processes.average_gradients(self.generator)
            nn.utils.clip_grad_norm_(self.generator.parameters(), self.config.clip_norm)
            self.generator_optimizer.step()
            update_ema(self.average, self.generator, steps_done=self.steps_done, slowest=self.config.ema_decay)
        self.steps_done += 1
        return total

    def _picture_losses(self, generated: Tensor, real: Tensor, weight: Tensor) -> dict[str, Tensor]:
        """Composite, matte, foreground, detail and perceptual loss of sequences (B, T, 4, H, W)."""
        count, length = generated.shape[:2]
        fake, true, each = generated.flatten(0, 1), real.flatten(0, 1), weight.repeat_interleave(length)
        colour = self.processes.share.draw(torch.rand, (count, 3, 1, 1), self.noise).to(self.device)
        terms = {
            "composite": losses.composite_l1(fake, true, colour.repeat_interleave(length, 0), each),
            "matte": losses.matte_l1(fake, true, each),
            "foreground": losses.foreground_l1(fake, true, each),
        }
        if self.config.weights.detail > 0:
            terms["detail"] = losses.detail_l1(fake, true, each, mean=self.processes.mean)
        if self.perceptual is not None:
            terms["perceptual"] = self._perceptual_loss(generated[:, -1], real[:, -1], colour, weight)
        return terms

    def _doll_losses(self, generated: Tensor, doll: Tensor, spots: Tensor, weight: Tensor) -> dict[str, Tensor]:
        """L1 of sequences to the doll: overall, and around the hands."""
        terms = {}
        if self.config.weights.doll > 0:
            terms["doll"] = losses.seen_l1(generated, doll, weight)
        if self.config.weights.hands > 0:
            near = losses.box_mask(spots[:, :, [RIGHT_HAND, LEFT_HAND]], REACH_PX, (doll.shape[-2], doll.shape[-1]))
            terms["hands"] = losses.seen_l1(generated * near, doll * near, weight)
        return terms

    def _perceptual_loss(self, generated: Tensor, real: Tensor, background: Tensor, weight: Tensor) -> Tensor:
        """The costliest loss, so it sees only half of each rollout's last frame (made from a fed-back one)."""
        assert self.perceptual is not None
        half = generated.shape[2] // 2
        top = int(torch.randint(half + 1, (), generator=self.noise)) // 2 * 2
        ours, theirs = (losses.composite_over(part[:, :, top : top + half], background) for part in (generated, real))
        with torch.no_grad():
            wanted = self.perceptual(theirs)
        return losses.feature_l1(
            self.perceptual(ours), wanted, weight, self.perceptual.layer_weights, mean=self.processes.mean
        )

    def _distillation(self, generated: Tensor, drawn: Tensor, doll: Tensor, weight: Tensor) -> Tensor:
        assert self.teacher is not None
        with torch.no_grad():
            noise = torch.Generator().manual_seed(self.steps_done)
            taught = roll_out(self.teacher, drawn, doll, noise, self.processes.share)
        each = weight.repeat_interleave(generated.shape[1])
        return losses.seen_l1(generated.flatten(0, 1), taught.flatten(0, 1), each)

    def _set_rates(self, progress: float) -> None:
        rate = rate_at(self.config.learning_rate, self.steps_done, progress)
        for group in self.generator_optimizer.param_groups:
            group["lr"] = rate
        self.adversary.set_rate(rate)

    def _tensor(self, array: NDArray[np.uint8]) -> Tensor:
        return torch.from_numpy(array).to(self.device).float()

    def _numbers(self, array: NDArray[Any]) -> Tensor:
        return torch.from_numpy(np.asarray(array, np.float32)).to(self.device)

    def _report(self, terms: dict[str, Tensor]) -> StepReport:
        """The terms as numbers: their means over all processes."""
        names = [field.name for field in fields(StepReport)]
        numbers = [terms[name].detach().double() if name in terms else self._nothing for name in names]
        return StepReport(*self.processes.mean(torch.stack(numbers)).tolist())

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

    def begin_from(self, state: dict[str, Any]) -> None:
        """Start from the networks of another run (its `state()`), with new optimizers and noise. Raises TrainError."""
        try:
            for network in (self.generator, self.average):
                network.load_state_dict(state["average"])
            self.adversary.networks.load_state_dict(state["discriminator"])
        except (KeyError, RuntimeError) as error:
            raise TrainError(
                "the run to begin from has other networks", got=str(error).splitlines()[0], wanted="the same preset"
            ) from error

    def _parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        return {
            "generator": self.generator,
            "average": self.average,
            "generator_optimizer": self.generator_optimizer,
            **self.adversary.parts(),
        }

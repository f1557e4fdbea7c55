"""The discriminators' side of a training step: their own update, and what they tell the generator."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from train.networks import losses
from train.networks.discriminator import Discriminators, View, windows_of
from train.training.processes import Processes


class Adversary:
    """Owns the discriminators and their optimizer. `discriminator_losses` updates them, `generator_losses` gives the
    generator's two losses.

    `frames`: how many they see at a time, 2, or 1 for a run that is not temporal. `kind`: `lsgan` or `hinge`.
    """

    def __init__(
        self, pose_map_channels: int, *, frames: int, kind: str, rate: float, clip_norm: float, processes: Processes
    ) -> None:
        self.networks = Discriminators(pose_map_channels, frames=frames)
        self.networks.to(processes.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.optimizer = torch.optim.Adam(self.networks.parameters(), rate, betas=(0.5, 0.99))
        self._frames, self._kind, self._clip_norm, self._processes = frames, kind, clip_norm, processes

    def views(self, pose_maps: Tensor, generated: Tensor, real: Tensor, spots: Tensor, weight: Tensor) -> list[View]:
        """One for each discriminator. Sequences (B, T, ...): pose_maps (C, h, w) and pictures (4, H, W), all 0..1;
        spots (B, T, 3, 2), see `Discriminators.views`; weight (B,).
        """
        count = generated.shape[1] - self._frames + 1
        poses, ours, theirs = (
            windows_of(part, self._frames)
            for part in (pose_maps, losses.premultiply(generated), losses.premultiply(real))
        )
        whole = View(poses, ours, theirs, weight.repeat_interleave(count))
        return Discriminators.views(whole, spots[:, :count].flatten(0, 1))

    def discriminator_losses(self, views: list[View]) -> tuple[list[list[Tensor]], Tensor, Tensor]:
        """One step of the discriminators.

        Returns their activations on the real frames, their loss, and the share of patches judged right.
        """
        reals, terms, right = [], [], []
        for network, view in zip(self.networks.scales, views, strict=True):
            count = len(view.weight)
            found = network(torch.cat([view.pose_maps] * 2), torch.cat([view.real, view.generated.detach()]))
            real, fake = found[-1][:count], found[-1][count:]
            terms.append(losses.discriminator_loss(self._kind, real, fake, view.weight))
            middle = losses.MIDDLE[self._kind]
            right.append(((real > middle).float().mean() + (fake < middle).float().mean()) / 2)
            reals.append([activation[:count].detach() for activation in found])
        loss = torch.stack(terms).mean()
        if math.isfinite(float(self._processes.mean(loss.detach()))):  # all processes step, or none
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self._processes.average_gradients(self.networks)
            nn.utils.clip_grad_norm_(self.networks.parameters(), self._clip_norm)
            self.optimizer.step()
        return reals, loss, torch.stack(right[:2]).mean()

    def generator_losses(self, views: list[View], reals: list[list[Tensor]]) -> tuple[Tensor, Tensor]:
        """Feature matching and the generator's adversarial loss, means over the discriminators.

        `reals` are the activations from before the discriminators' step: one step old, but that saves a third of the
        arithmetic.
        """
        feature, fooled = [], []
        self.networks.requires_grad_(False)
        for network, view, real in zip(self.networks.scales, views, reals, strict=True):
            found = network(view.pose_maps, view.generated)
            feature.append(losses.feature_l1(found[:-1], real[:-1], view.weight, mean=self._processes.mean))
            fooled.append(losses.generator_loss(self._kind, found[-1], view.weight))
        self.networks.requires_grad_(True)
        return torch.stack(feature).mean(), torch.stack(fooled).mean()

    def set_rate(self, rate: float) -> None:
        """Set the learning rate from now on."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate

    def parts(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {"discriminator": self.networks, "discriminator_optimizer": self.optimizer}

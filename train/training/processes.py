"""The processes that train one network together, each on its share of every batch. Launched by Lightning Fabric.

The networks are not wrapped: a rollout runs the generator several times before one backward pass, two networks take
turns, and each is frozen while the other learns; DistributedDataParallel's hooks do not support that. Instead every
process holds plain modules with equal weights, and gradients are averaged between backward pass and clipping.
"""

import logging
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from multiprocessing import active_children
from typing import TypeVar

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessExitedException, ProcessRaisedException

from train.dataset.share import Share
from train.errors import TrainError
from train.training.config import BF16, FP32, RunConfig
from train.training.interrupt import Interrupt

Result = TypeVar("Result")
_FABRIC_NAMES = {BF16: "bf16-mixed", FP32: "32-true"}


class Processes:
    """What one process of a run knows of the others. With a single process, nothing is sent or changed."""

    def __init__(self, fabric: Fabric) -> None:
        self._fabric = fabric
        self.share = Share(fabric.global_rank, fabric.world_size)
        self.device: torch.device = fabric.device

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes files and prints."""
        return self.share.rank == 0

    def autocast(self) -> AbstractContextManager:
        """Arithmetic in the run's precision while the block runs."""
        return self._fabric.autocast()

    def average_gradients(self, network: nn.Module) -> None:
        """Replace each gradient by its mean over all processes, in one message for the whole network."""
        if self.share.size == 1:
            return
        gradients = [p.grad for p in network.parameters() if p.grad is not None]
        flat = self.mean(torch.cat([gradient.flatten() for gradient in gradients]))
        for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(part.view_as(gradient))

    def mean(self, values: Tensor) -> Tensor:
        """The mean of each number over all processes. No gradient flows through it."""
        if self.share.size == 1:
            return values
        return self._fabric.all_reduce(values.detach().clone(), reduce_op="mean")

    def agree(self, elapsed_s: float, stop: bool) -> tuple[float, bool]:
        """What all processes go by: the longest time, and whether any of them wants to stop."""
        if self.share.size == 1:
            return elapsed_s, stop
        both = torch.tensor([elapsed_s, float(stop)], dtype=torch.float64, device=self.device)
        longest, wanted = torch.as_tensor(self._fabric.all_reduce(both, reduce_op="max")).tolist()
        return longest, wanted > 0

    def wait(self) -> None:
        """Wait until every process is here."""
        self._fabric.barrier()


def alone(config: RunConfig) -> Processes:
    """The only process of a run, on the run's device."""
    return Processes(_fabric(config, processes=1))


def launch(config: RunConfig, work: Callable[[Processes], Result]) -> Result:
    """Do `work` in `devices` processes on each of `nodes` machines; returns the first one's result.

    A single process is this one. Several are new ones, so `work` must be picklable; each machine runs the same command,
    with MASTER_ADDR, MASTER_PORT and NODE_RANK set as Lightning expects. Signals are passed on to them. When one of
    them fails, the others are ended and TrainError is raised.
    """
    if config.devices * config.nodes == 1:
        return work(alone(config))
    fabric = _fabric(config, processes=config.devices)
    with Interrupt(_tell_children).listening() as interrupt:
        try:
            return fabric.launch(_begin, work)
        except (ProcessRaisedException, ProcessExitedException) as error:
            if interrupt.wanted:
                raise KeyboardInterrupt from error
            last_line = str(error).strip().splitlines()[-1].removeprefix("train.errors.TrainError: ")
            raise TrainError("one of the training processes failed", got=last_line) from error


def _tell_children(number: int) -> None:
    for child in active_children():
        if child.pid is not None:
            os.kill(child.pid, number)


def _begin(fabric: Fabric, work: Callable[[Processes], Result]) -> Result:
    return work(Processes(fabric))


def _fabric(config: RunConfig, *, processes: int) -> Fabric:
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # it announces itself
    return Fabric(
        accelerator=torch.device(config.device).type,
        devices=processes,
        num_nodes=config.nodes,
        strategy="ddp_spawn" if processes * config.nodes > 1 else "auto",
        precision=_FABRIC_NAMES[config.arithmetic],
    )

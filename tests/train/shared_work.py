"""What the processes of test_ddp.py do. A module of its own: each process imports it, and little else."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

from train.errors import TrainError
from train.networks.batch_norm import BatchNorm
from train.training.processes import Processes


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 5, 3), BatchNorm(5, momentum=0.02), nn.LeakyReLU(), nn.Conv2d(5, 1, 1))


def learn(processes: Processes) -> dict[str, Any]:
    """Gradients and statistics of one pass over this process's share of 8 samples, and what was agreed on."""
    share = processes.share
    noise = torch.Generator().manual_seed(3)
    x = share.draw(torch.randn, (8 // share.size, 3, 9, 9), noise) * 3 + 1
    trained = network().train()
    (trained(x) ** 2).mean().backward()
    processes.average_gradients(trained)
    return {
        "gradients": torch.cat([p.grad.flatten() for p in trained.parameters() if p.grad is not None]).tolist(),
        "statistics": torch.cat([b.flatten() for b in trained.buffers()]).tolist(),
        "after": torch.rand(1, generator=noise).tolist(),
        "mean": processes.mean(torch.tensor(1.0 + share.rank)).item(),
        "agreed": [processes.agree(share.rank / 2, share.rank == 1), processes.agree(3.0, False)],
        "size": share.size,
    }


def learn_and_fail(processes: Processes, *, out: Path) -> None:
    """The first process writes what it learned to `out`, and waits; the second has no room on its disk."""
    learned = learn(processes)
    if processes.is_first:
        out.write_text(json.dumps(learned))
    processes.wait()
    if processes.share.rank == 1:
        raise TrainError("cannot write last.pt", do="make room")
    processes.wait()

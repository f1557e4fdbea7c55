"""Batch norm over the batch of all processes: `nn.SyncBatchNorm` for CPUs too."""

from typing import Any

import torch
from torch import Tensor, distributed, nn


class BatchNorm(nn.BatchNorm2d):
    """`nn.BatchNorm2d`, to the bit in evaluation and with one process; parameters and buffers have the same names.

    With several, training takes mean and variance over the rows of all of them (equally many in each), and gradients
    flow through both. Two messages each way: the mean first, then the squares about it, which avoids cancellation.
    """

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002
        if not self.training or not distributed.is_initialized() or distributed.get_world_size() == 1:
            return super().forward(input)
        x = input.float()
        mean = _mean_of_all(x)
        apart = x - mean[:, None, None]
        variance = _mean_of_all(apart**2)
        self._remember(mean.detach(), variance.detach(), x.numel() // x.shape[1] * distributed.get_world_size())
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (apart * scale[:, None, None] + self.bias[:, None, None]).to(input.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, count: int) -> None:
        assert self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None
        with torch.no_grad():
            self.num_batches_tracked.add_(1)
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)


class _SumOfAll(torch.autograd.Function):
    """The sum over all processes; so is its gradient, over what each of them does with the sum."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:  # type: ignore[override]
        total = values.clone()
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        total = gradient.clone()
        distributed.all_reduce(total)
        return total


def _mean_of_all(x: Tensor) -> Tensor:
    """(C,) means of (N, C, H, W) over all processes."""
    return _SumOfAll.apply(x.mean((0, 2, 3))) / distributed.get_world_size()

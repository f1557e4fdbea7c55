"""One process's share of what all processes of a run do together: equal blocks of rows, in order of rank."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Share:
    """Process `rank` of `size`."""

    rank: int = 0
    size: int = 1

    def of(self, count: int) -> range:
        """Which of `count` rows are this process's; `count` is a multiple of `size`."""
        each = count // self.size
        return range(self.rank * each, (self.rank + 1) * each)

    def draw(self, random: Callable[..., Tensor], shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
        """Random numbers of `shape` for this process's rows. Every process draws those of all, so that the
        generator's state does not depend on the number of processes.
        """
        whole = random((shape[0] * self.size, *shape[1:]), generator=generator)
        return whole[self.rank * shape[0] : (self.rank + 1) * shape[0]]


WHOLE = Share()

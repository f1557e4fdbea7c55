"""A run's TensorBoard event files, in the run folder's `tensorboard`."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from train.errors import TrainError

FOLDER = "tensorboard"


class Events:
    """Scalars and pictures by step. A run that resumes from `steps_done` hides what was written for later steps."""

    def __init__(self, folder: Path, *, steps_done: int = 0) -> None:
        try:
            from torch.utils.tensorboard import SummaryWriter  # takes a second; not needed with --no-tensorboard
        except ImportError as error:
            raise TrainError(
                "TensorBoard is not installed", got=str(error), do='pip install "tensorboard", or give --no-tensorboard'
            ) from error
        self._writer = SummaryWriter(str(folder / FOLDER), purge_step=steps_done + 1 if steps_done else None)

    def add(self, group: str, names: Sequence[str], values: Sequence[float], step: int) -> None:
        """One row of a curve."""
        for name, value in zip(names, values, strict=True):
            self._writer.add_scalar(f"{group}/{name}", value, step)

    def show(self, name: str, picture: NDArray[np.uint8], step: int) -> None:
        """One picture, (H, W, 3) RGB; everything before it is on disk when this returns."""
        self._writer.add_image(name, picture, step, dataformats="HWC")
        self._writer.flush()

    def close(self) -> None:
        """Write what is left."""
        self._writer.close()

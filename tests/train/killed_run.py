"""The run of test_kill.py, imported once by the server that forks its processes."""

import threading
from pathlib import Path

from tqdm import tqdm

from train.training import checkpoint, run
from train.training.config import RunConfig

STEPS = 12
tqdm.set_lock(threading.RLock())  # its own one is a semaphore of the system, which a killed process leaves behind


def config(dataset: Path) -> RunConfig:
    """Everything in few steps: the discriminator at 2, long rollouts at 7, a checkpoint at each step."""
    return RunConfig(
        str(dataset),
        steps=STEPS,
        batch=2,
        crop=(64, 64),
        gan_start=2,
        lengthen_at=(0.6,),
        log_every=2,
        sheet_every=5,
        validate_every=3,
        save_minutes=0.0,
        tensorboard=False,
        precision="fp32",
    )


def start_or_go_on(folder: Path, dataset: Path) -> None:
    """Train in `folder` from wherever it is."""
    if (folder / checkpoint.NAME).exists():
        run.resume(folder)
    else:
        run.run(folder, config(dataset))

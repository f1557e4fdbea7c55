import csv
import multiprocessing
import sys
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.train.dataset_folder import write_dataset
from tests.train.killed_run import STEPS, start_or_go_on
from train.report.curves import HELD_OUT, TRAINING
from train.training import checkpoint
from train.training.checkpoint import load_checkpoint

KILLS = 10


def alike(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(alike(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(alike(x, y) for x, y in zip(a, b, strict=True))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else bool(a == b)


def curve(path: Path) -> list[list[str]]:
    """The rows without the time, which no two runs share."""
    with path.open(newline="") as file:
        return [row[:1] + row[2:] for row in csv.reader(file)]


def kill_after(process: BaseProcess, folder: Path, changes: int, more_s: float) -> bool:
    """SIGKILL when the checkpoint has been written `changes` times, and `more_s` later. False: it had ended before."""
    seen, last = 0, stamp(folder)
    while seen < changes:
        if wait([process.sentinel], timeout=0.002):
            return False
        if (now := stamp(folder)) != last:
            seen, last = seen + 1, now
    if wait([process.sentinel], timeout=more_s):
        return False
    process.kill()
    process.join()
    return True


def stamp(folder: Path) -> int:
    """Changes whenever the checkpoint is replaced."""
    path = folder / checkpoint.NAME
    return path.stat().st_ino ^ path.stat().st_mtime_ns if path.exists() else 0


@pytest.mark.skipif(sys.platform == "win32", reason="needs processes that are forked: imports would take minutes")
def test_a_run_killed_at_ten_random_moments_equals_an_unbroken_one(tmp_path: Path) -> None:
    dataset = write_dataset(tmp_path / "paper")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.train.killed_run"])

    def started(name: str) -> BaseProcess:
        process = context.Process(target=start_or_go_on, args=(tmp_path / name, dataset))
        process.start()
        return process

    whole = started("whole")
    whole.join()
    assert whole.exitcode == 0
    rng = np.random.default_rng(11)
    for step in np.sort(rng.integers(0, STEPS - 3, KILLS)):
        killed = tmp_path / "killed"
        saved = load_checkpoint(killed).steps_done if (killed / checkpoint.NAME).exists() else 0
        assert kill_after(started("killed"), killed, max(int(step) - saved, 0), rng.uniform(0, 0.1))
    last = started("killed")
    last.join()
    assert last.exitcode == 0
    for best in (False, True):
        one, other = (load_checkpoint(tmp_path / name, best=best) for name in ("whole", "killed"))
        assert alike(one.trainer, other.trainer) and one.data == other.data
        assert (one.steps_done, one.best, one.pending) == (other.steps_done, other.best, other.pending)
    assert load_checkpoint(tmp_path / "killed").steps_done == STEPS
    for name in (TRAINING, HELD_OUT):
        assert curve(tmp_path / "whole" / name) == curve(tmp_path / "killed" / name)

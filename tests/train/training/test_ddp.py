"""Two processes on the CPU (gloo) against one with the same global batch. A launch imports torch twice: few tests."""

import json
import math
from dataclasses import fields, replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.train.dataset_folder import write_dataset
from tests.train.shared_work import learn, learn_and_fail
from train.errors import TrainError
from train.report.curves import TRAINING
from train.training import run
from train.training.checkpoint import load_checkpoint
from train.training.config import RunConfig
from train.training.processes import alone, launch
from train.training.step import StepReport

# Rounding alone makes up to 7e-7 after six steps; any of the sums over processes left out makes more than 1e-4.
TOLERANCE = 5e-6
CONFIG = RunConfig(
    "data",
    steps=2,
    batch=4,
    crop=(64, 64),
    gan_start=1,
    lengthen_at=(0.5,),
    log_every=1,
    validate_every=2,
    tensorboard=False,
    precision="fp32",
)


def test_two_learn_what_one_learns_and_one_that_fails_ends_both_and_its_words_are_kept(tmp_path: Path) -> None:
    out = tmp_path / "learned.json"
    with pytest.raises(TrainError, match="cannot write last.pt; do this: make room"):
        launch(replace(CONFIG, devices=2), partial(learn_and_fail, out=out))
    one, two = learn(alone(CONFIG)), json.loads(out.read_text())
    for part in ("gradients", "statistics", "after"):
        assert len(one[part]) == len(two[part]) > 0
        np.testing.assert_allclose(two[part], one[part], rtol=1e-4, atol=1e-6)
    assert two["size"] == 2 and two["mean"] == 1.5
    assert two["agreed"] == [[0.5, True], [3.0, False]]


def test_a_run_by_two_equals_one_by_one_and_goes_on_alone(tmp_path: Path) -> None:
    config = replace(CONFIG, dataset=str(write_dataset(tmp_path / "paper")))
    ends = []
    for processes in (1, 2):
        folder = tmp_path / str(processes)
        assert run.run(folder, replace(config, devices=processes))
        assert run.resume(folder, steps=3, devices=1)
        ends.append(load_checkpoint(folder))
    one, two = ends
    for part in ("generator", "average", "discriminator"):
        for name, weights in one.trainer[part].items():
            torch.testing.assert_close(weights, two.trainer[part][name], rtol=0, atol=TOLERANCE, msg=f"{part} {name}")
    assert torch.equal(one.trainer["noise"], two.trainer["noise"]) and one.data == two.data
    assert math.isclose(one.best, two.best, rel_tol=1e-4)
    losses = [np.genfromtxt(tmp_path / name / TRAINING, delimiter=",", names=True) for name in ("1", "2")]
    for name in fields(StepReport):  # a ratio of sums over all samples is not the mean of the processes' ratios
        np.testing.assert_allclose(losses[1][name.name], losses[0][name.name], rtol=1e-4, atol=1e-6)
    assert sorted(path.name for path in (tmp_path / "1").iterdir()) == sorted(
        path.name for path in (tmp_path / "2").iterdir()
    )

import csv
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tests.train.dataset_folder import write_dataset
from train import checkpoint, run
from train.checkpoint import load_checkpoint
from train.config import RunConfig
from train.errors import TrainError
from train.step import StepReport, Trainer


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "paper")


@pytest.fixture(autouse=True)
def old_handlers() -> Iterator[None]:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def config(dataset: Path, **changes: Any) -> RunConfig:
    """Six steps that meet everything: the discriminator at 2, long rollouts at 4."""
    small: dict[str, Any] = {"batch": 2, "crop": (64, 64), "gan_start": 2, "lengthen_at": 0.6, "log_every": 2}
    return RunConfig(str(dataset), **{"steps": 6, "sheet_every": 100, **small, **changes})


def stop_before(monkeypatch: pytest.MonkeyPatch, step: int, number: int = signal.SIGTERM) -> None:
    """Send this process a signal when `step` begins."""
    whole = Trainer.step

    def interrupted(self: Trainer, *arguments: Any) -> StepReport:
        if self.steps_done == step:
            os.kill(os.getpid(), number)
        return whole(self, *arguments)

    monkeypatch.setattr(Trainer, "step", interrupted)


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else bool(a == b)


@pytest.mark.parametrize("stop_at", [1, 4], ids=["early", "in long rollouts"])
def test_a_resumed_run_equals_an_unbroken_one(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int
) -> None:
    assert run.run(tmp_path / "whole", config(dataset))
    with monkeypatch.context() as broken:
        stop_before(broken, stop_at)
        assert not run.run(tmp_path / "parts", config(dataset))
    assert load_checkpoint(tmp_path / "parts").steps_done == stop_at + 1  # the step is finished first
    assert run.resume(tmp_path / "parts")
    whole, parts = load_checkpoint(tmp_path / "whole"), load_checkpoint(tmp_path / "parts")
    assert equal(whole.trainer, parts.trainer)
    assert whole.data == parts.data and whole.rollout_length == parts.rollout_length == run.LONG


def test_ctrl_c_leaves_a_checkpoint_and_a_second_one_stops_at_once(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop_before(monkeypatch, 0, signal.SIGINT)
    assert not run.run(tmp_path / "run", config(dataset))
    assert load_checkpoint(tmp_path / "run").steps_done == 1
    interrupt = run.Interrupt()
    interrupt(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)


def test_a_run_leaves_curves_and_a_sheet(dataset: Path, tmp_path: Path) -> None:
    run.run(tmp_path, config(dataset, steps=4))
    with (tmp_path / run.CURVES).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["2", "4"]
    assert all(float(row["total"]) > 0 for row in rows)
    sheet = cv2.imread(str(tmp_path / "sheets" / "step_000004.png"))
    assert sheet is not None and sheet.shape[1] >= 2 * 64


def test_curves_after_the_step_that_a_run_goes_on_from_are_dropped(tmp_path: Path) -> None:
    curves = run.Curves(tmp_path / "loss.csv", 0)
    for step in (2, 4, 6):
        curves.add(step, 1.0, np.zeros(9))
    run.Curves(tmp_path / "loss.csv", 4).add(6, 2.0, np.ones(9))
    with (tmp_path / "loss.csv").open(newline="") as file:
        assert [row["step"] + row["total"] for row in csv.DictReader(file)] == ["20.00000", "40.00000", "61.00000"]


def test_a_loss_that_is_not_a_number_stops_the_run_and_keeps_the_batch(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Trainer.step

    def poisoned(self: Trainer, batch: Any, progress: float) -> StepReport:
        if self.steps_done == 1:
            batch.weight[:] = np.nan
        return whole(self, batch, progress)

    monkeypatch.setattr(Trainer, "step", poisoned)
    with pytest.raises(TrainError, match=r"not a number at step 2.*not_a_number\.npz"):
        run.run(tmp_path, config(dataset))
    with np.load(tmp_path / "not_a_number.npz") as data:
        assert data["real"].shape == (2, 2, 64, 64, 4)


def test_a_folder_in_use_is_refused(dataset: Path, tmp_path: Path) -> None:
    (tmp_path / checkpoint.NAME).write_bytes(b"somebody's work")
    with pytest.raises(TrainError, match="in use.*--resume"):
        run.run(tmp_path, config(dataset))
    assert (tmp_path / checkpoint.NAME).read_bytes() == b"somebody's work"


def test_a_data_set_drawn_by_another_puppet_is_refused(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run.run(tmp_path, config(dataset, steps=1))
    monkeypatch.setattr(run, "fingerprint", lambda config: "another")
    with pytest.raises(TrainError, match="another puppet"):
        run.resume(tmp_path, steps=2)


def test_minutes_end_a_run_and_can_be_given_anew(dataset: Path, tmp_path: Path) -> None:
    assert run.run(tmp_path, config(dataset, steps=0, minutes=1e-4))
    done = load_checkpoint(tmp_path).steps_done
    assert done == 1
    assert run.resume(tmp_path, steps=3)
    assert load_checkpoint(tmp_path).steps_done == 3


def test_the_checkpoint_is_written_while_the_run_goes_on(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved: list[int] = []
    monkeypatch.setattr(run, "save_checkpoint", lambda folder, checkpoint: saved.append(checkpoint.steps_done))
    run.run(tmp_path, config(dataset, steps=3, save_minutes=0.0))
    assert saved == [1, 2, 3, 3]


def test_what_is_lost_without_a_perceptual_loss_is_said(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run.run(tmp_path, config(dataset, steps=1))
    assert "softer" in capsys.readouterr().out

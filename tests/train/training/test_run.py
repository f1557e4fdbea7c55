import csv
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tests.train.dataset_folder import write_dataset
from train.errors import TrainError
from train.report.curves import HELD_OUT, TRAINING
from train.training import checkpoint, run
from train.training.checkpoint import load_checkpoint
from train.training.config import RunConfig
from train.training.held_out import Validation
from train.training.step import StepReport, Trainer


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "paper")


@pytest.fixture(autouse=True)
def old_handlers() -> Iterator[None]:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def config(dataset: Path, **changes: Any) -> RunConfig:
    """Six steps that meet everything: the discriminator at 2, cross-validation at 3 and 6, long rollouts at 4.

    In fp32: most CPUs have no bf16 of their own, and are five times slower with it.
    """
    small: dict[str, Any] = {"batch": 2, "crop": (64, 64), "gan_start": 2, "lengthen_at": (0.6,), "log_every": 2}
    looks: dict[str, Any] = {"sheet_every": 100, "validate_every": 3, "tensorboard": False}
    return RunConfig(str(dataset), **{"steps": 6, "precision": "fp32", **small, **looks, **changes})


def rows(path: Path) -> list[dict[str, str]]:
    """The rows of a curve without the time, which no two runs share."""
    with path.open(newline="") as file:
        return [{key: cell for key, cell in row.items() if key != "elapsed_s"} for row in csv.DictReader(file)]


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


@pytest.mark.parametrize(
    ("stop_at", "precision"), [(0, "bf16"), (4, "fp32")], ids=["between two rows of the curve", "in long rollouts"]
)
def test_a_resumed_run_equals_an_unbroken_one(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stop_at: int, precision: str
) -> None:
    whole_run = config(dataset, precision=precision)
    assert run.run(tmp_path / "whole", whole_run)
    with monkeypatch.context() as broken:
        stop_before(broken, stop_at)
        assert not run.run(tmp_path / "parts", whole_run)
    assert load_checkpoint(tmp_path / "parts").steps_done == stop_at + 1  # the step is finished first
    assert run.resume(tmp_path / "parts")
    whole, parts = load_checkpoint(tmp_path / "whole"), load_checkpoint(tmp_path / "parts")
    assert equal(whole.trainer, parts.trainer)
    assert whole.data == parts.data and whole.rollout_length == parts.rollout_length == 4
    assert whole.best == parts.best < float("inf")
    for curve in (TRAINING, HELD_OUT):
        assert rows(tmp_path / "whole" / curve) == rows(tmp_path / "parts" / curve)
    best = [load_checkpoint(tmp_path / name, best=True) for name in ("whole", "parts")]
    assert equal(best[0].trainer, best[1].trainer)


def test_ctrl_c_leaves_a_checkpoint(dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stop_before(monkeypatch, 0, signal.SIGINT)
    assert not run.run(tmp_path / "run", config(dataset))
    assert load_checkpoint(tmp_path / "run").steps_done == 1


def test_a_run_leaves_curves_a_sheet_and_a_report(dataset: Path, tmp_path: Path) -> None:
    run.run(tmp_path, config(dataset, steps=4))
    assert [row["step"] for row in rows(tmp_path / TRAINING)] == ["2", "4"]
    assert all(float(row["total"]) > 0 for row in rows(tmp_path / TRAINING))
    assert [row["step"] for row in rows(tmp_path / HELD_OUT)] == ["3"]
    sheet = cv2.imread(str(tmp_path / "sheets" / "step_000004.png"))
    assert sheet is not None and sheet.shape[1] >= 2 * 64
    assert "4 steps" in (tmp_path / "report.html").read_text()


def test_the_best_is_kept_when_the_rest_of_the_run_is_worse(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([0.5, 0.3, 0.4])
    monkeypatch.setattr(
        run.HeldOut, "validate", lambda self, trainer: Validation(next(losses), 0.1, 0.1, 0.0), raising=True
    )
    run.run(tmp_path, config(dataset, validate_every=2))
    best, last = load_checkpoint(tmp_path, best=True), load_checkpoint(tmp_path)
    assert (best.steps_done, best.best) == (4, 0.3) and (last.steps_done, last.best) == (6, 0.3)
    assert not equal(best.trainer["average"], last.trainer["average"])


def test_looking_at_held_out_frames_changes_nothing(dataset: Path, tmp_path: Path) -> None:
    run.run(tmp_path / "often", config(dataset, validate_every=1, sheet_every=1))
    run.run(tmp_path / "never", config(dataset, validate_every=1000))
    often, never = load_checkpoint(tmp_path / "often"), load_checkpoint(tmp_path / "never")
    assert equal(often.trainer, never.trainer) and often.data == never.data


@pytest.mark.parametrize("loss", ["total", "discriminator"])
def test_a_loss_that_is_not_a_number_stops_the_run_and_keeps_the_batch(
    dataset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss: str
) -> None:
    whole = Trainer.step
    seen: list[Any] = []

    def poisoned(self: Trainer, batch: Any, progress: float) -> StepReport:
        seen.append(batch)
        report = whole(self, batch, progress)
        return replace(report, **{loss: float("nan")}) if self.steps_done == 2 else report

    monkeypatch.setattr(Trainer, "step", poisoned)
    with pytest.raises(TrainError, match=r"not a number at step 2.*not_a_number\.npz"):
        run.run(tmp_path, config(dataset, save_minutes=0.0))
    with np.load(tmp_path / "not_a_number.npz") as data:
        for field in fields(seen[1]):
            assert np.array_equal(data[field.name], getattr(seen[1], field.name), equal_nan=field.name == "spots")
    assert len(seen) == 2 and load_checkpoint(tmp_path).steps_done == 1


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
    with pytest.raises(TrainError, match="different puppet"):
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
    monkeypatch.setattr(run, "save_checkpoint", lambda folder, checkpoint, best: saved.append(checkpoint.steps_done))
    run.run(tmp_path, config(dataset, steps=3, save_minutes=0.0, validate_every=100))
    assert saved == [1, 2, 3, 3]


def test_no_thread_outlives_the_run(dataset: Path, tmp_path: Path) -> None:
    before = threading.active_count()
    run.run(tmp_path, config(dataset))
    assert threading.active_count() == before


def test_what_is_lost_without_a_perceptual_loss_is_said(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run.run(tmp_path, config(dataset, steps=1))
    assert "softer" in capsys.readouterr().out

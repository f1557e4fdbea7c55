"""The training run: from a data set to a run folder with checkpoints, sample sheets and loss curves."""

import csv
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, fields, replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from live.puppet.fingerprint import fingerprint
from train import checkpoint, perceptual, sheet
from train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from train.config import RunConfig
from train.dataset import Rollouts, open_dataset
from train.errors import TrainError
from train.networks import DeployedGenerator
from train.step import Batch, StepReport, Trainer

CURVES = "loss.csv"
SHORT, LONG = 2, 4  # frames of a rollout before and after `lengthen_at`
SHEET_SEED = 12345
SHEET_GREY = np.array([128, 128, 128], np.uint8)


class Interrupt:
    """Turns the first Ctrl-C or SIGTERM into a wish to stop after this step; a second one stops at once."""

    def __init__(self) -> None:
        self.wanted = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        if self.wanted:
            raise KeyboardInterrupt
        self.wanted = True

    @contextmanager
    def listening(self) -> Iterator["Interrupt"]:
        """Listen while the block runs; then put the old handlers back."""
        old = {number: signal.signal(number, self) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)


class Run:
    """One run folder: its data, its trainer and its clock."""

    def __init__(self, folder: Path, config: RunConfig, *, resuming: bool) -> None:
        torch.set_num_threads(config.threads)
        self.folder, self.config = folder, config
        self.dataset = open_dataset(Path(config.dataset))
        self.fingerprint = fingerprint(self.dataset.config)
        self.trainer = Trainer(config, self.dataset.pose_map_channels)
        self.elapsed_s, self.length = 0.0, SHORT
        last = load_checkpoint(folder) if resuming else None
        if last is not None:
            self._take_up(last)
        self.rollouts = self._open_rollouts()
        if last is not None:
            self.rollouts.load_state(last.data)
        self.samples: Batch = self._rollouts(length=SHORT, seed=SHEET_SEED, held_out=True).sample()

    def train(self) -> bool:
        """Train to the end of the schedule, or until asked to stop. True at the end. Leaves a checkpoint either way."""
        started, saved = time.perf_counter() - self.elapsed_s, time.perf_counter()
        curves = Curves(self.folder / CURVES, self.trainer.steps_done)
        reports: list[list[float]] = []
        with Interrupt().listening() as interrupt, self._bar() as bar:
            while self.progress < 1 and not interrupt.wanted:
                self._lengthen()
                batch = self.rollouts.sample()
                report = self.trainer.step(batch, self.progress)
                if not np.isfinite(report.total):
                    raise self._not_a_number(batch, report)
                done = self.trainer.steps_done
                self.elapsed_s = time.perf_counter() - started
                reports.append(list(asdict(report).values()))
                if done % self.config.log_every == 0:
                    means = np.mean(reports, axis=0)
                    curves.add(done, self.elapsed_s, means)
                    bar.set_postfix_str(f"loss {means[0]:.3f}")
                    reports.clear()
                if done % self.config.sheet_every == 0:
                    self._write_sheet()
                if time.perf_counter() - saved > 60 * self.config.save_minutes:
                    self.save()
                    saved = time.perf_counter()
                self._advance(bar)
        self.save()
        self._write_sheet()
        return not interrupt.wanted

    @property
    def progress(self) -> float:
        """The share of the run that is done, 0..1: by steps, or by minutes of training."""
        if self.config.steps:
            return min(self.trainer.steps_done / self.config.steps, 1.0)
        return min(self.elapsed_s / (60 * self.config.minutes), 1.0)

    def save(self) -> None:
        """Write `last.pt`."""
        save_checkpoint(
            self.folder,
            Checkpoint(
                config=self.config,
                steps_done=self.trainer.steps_done,
                elapsed_s=self.elapsed_s,
                rollout_length=self.length,
                pose_map_channels=self.dataset.pose_map_channels,
                fingerprint=self.fingerprint,
                trainer=self.trainer.state(),
                data=self.rollouts.state(),
            ),
        )

    def _take_up(self, last: Checkpoint) -> None:
        if last.fingerprint != self.fingerprint:
            raise TrainError(
                "the data set was drawn by another puppet than this run's",
                got=self.fingerprint,
                wanted=last.fingerprint,
                do="start a new run, or give the data set that the run began with",
            )
        try:
            self.trainer.load_state(last.trainer)
        except (KeyError, RuntimeError, ValueError) as error:
            raise TrainError(
                "a checkpoint of other networks", got=str(error).splitlines()[0], do="start a new run"
            ) from error
        self.elapsed_s, self.length = last.elapsed_s, last.rollout_length

    def _lengthen(self) -> None:
        if self.length == SHORT and self.progress >= self.config.lengthen_at:
            self.length = LONG
            self.rollouts = self._open_rollouts()

    def _open_rollouts(self) -> Rollouts:
        return self._rollouts(length=self.length, seed=self.config.seed + self.length, held_out=False)

    def _rollouts(self, *, length: int, seed: int, held_out: bool) -> Rollouts:
        crop, canvas = self.config.crop, self.dataset.canvas
        fitting = (min(crop[0], canvas[0]), min(crop[1], canvas[1]))
        return Rollouts(
            self.dataset, length=length, batch=self.config.batch, crop=fitting, seed=seed, held_out=held_out
        )

    def _write_sheet(self) -> None:
        path = self.folder / "sheets" / f"step_{self.trainer.steps_done:06d}.png"
        path.parent.mkdir(exist_ok=True)
        sheet.write_picture(path, sample_sheet(self.trainer, self.samples))

    def _not_a_number(self, batch: Batch, report: StepReport) -> TrainError:
        path = self.folder / "not_a_number.npz"
        arrays = {name: getattr(batch, name) for name in ("pose_map", "doll", "real", "weight")}
        np.savez_compressed(path, **arrays)
        return TrainError(
            f"the loss is not a number at step {self.trainer.steps_done}",
            got=str(report),
            do=f"the batch is in {path}; go on from the checkpoint with --resume, or start anew with a lower --rate",
        )

    def _bar(self) -> tqdm:
        if self.config.steps:
            return tqdm(total=self.config.steps, initial=self.trainer.steps_done, unit="step", desc="train")
        seconds = round(60 * self.config.minutes)
        return tqdm(total=seconds, initial=min(int(self.elapsed_s), seconds), unit="s", desc="train")

    def _advance(self, bar: tqdm) -> None:
        at = self.trainer.steps_done if self.config.steps else min(int(self.elapsed_s), bar.total)
        bar.update(at - bar.n)


class Curves:
    """`loss.csv`: one row of means every few steps. Rows after the step that a run goes on from are dropped."""

    def __init__(self, path: Path, steps_done: int) -> None:
        self.path = path
        kept: list[list[str]] = []
        if steps_done and path.exists():
            with path.open(newline="") as file:
                kept = [row for row in list(csv.reader(file))[1:] if int(row[0]) <= steps_done]
        names = ["step", "elapsed_s", *(field.name for field in fields(StepReport))]
        with path.open("w", newline="") as file:
            csv.writer(file).writerows([names, *kept])

    def add(self, step: int, elapsed_s: float, means: np.ndarray) -> None:
        """Append one row. Raises TrainError when the disk is full."""
        try:
            with self.path.open("a", newline="") as file:
                csv.writer(file).writerow([step, f"{elapsed_s:.1f}", *(f"{mean:.5f}" for mean in means)])
        except OSError as error:
            raise TrainError(
                f"cannot write {self.path}", got=str(error), do="make room, then go on with --resume"
            ) from error


def run(folder: Path, config: RunConfig) -> bool:
    """Train into `folder`; True when the schedule was done, False when asked to stop before. Raises TrainError.

    The folder must not hold a checkpoint yet.
    """
    if (folder / checkpoint.NAME).exists():
        raise TrainError("the run folder is in use", got=str(folder), do="go on with --resume, or choose another --out")
    return _opened(folder, config, resuming=False).train()


def resume(folder: Path, **changes: Any) -> bool:
    """Go on with the run in `folder`, bit for bit as if it had never stopped (on a CPU, when nothing is changed).

    `changes`: fields of RunConfig to replace: the end of the schedule, threads, dataset (moved), save interval.
    """
    config = load_checkpoint(folder).config
    if changes.get("steps") or changes.get("minutes"):
        changes = {"steps": 0, "minutes": 0.0, **changes}
    return _opened(folder, replace(config, **changes), resuming=True).train()


def _opened(folder: Path, config: RunConfig, *, resuming: bool) -> Run:
    if config.perceptual == perceptual.NONE:
        print(perceptual.LOST)
    opened = Run(folder, config, resuming=resuming)
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / "config.json.part"
    partial.write_text(json.dumps(config.to_json(), indent=1))
    partial.replace(folder / "config.json")
    return opened


def sample_sheet(trainer: Trainer, samples: Batch) -> np.ndarray:
    """Pose map, doll, generated (by the averaged weights) and real, for the last frame of each sample rollout."""
    network = DeployedGenerator(trainer.average)
    pose_map, doll = (torch.from_numpy(array).to(trainer.device) for array in (samples.pose_map, samples.doll))
    previous = torch.zeros_like(doll[:, 0])
    with torch.inference_mode():
        for t in range(doll.shape[1]):
            previous = network(pose_map[:, t], doll[:, t], previous)
    frames = previous.cpu().numpy()
    columns, last = range(len(frames)), -1
    rows = [
        ("pose map", [sheet.pose_map_picture(samples.pose_map[i, last]) for i in columns]),
        ("doll", [sheet.over(samples.doll[i, last], SHEET_GREY) for i in columns]),
        (f"generated, step {trainer.steps_done}", [sheet.over(frames[i], SHEET_GREY) for i in columns]),
        ("real", [sheet.over(samples.real[i, last], SHEET_GREY) for i in columns]),
    ]
    return sheet.contact_sheet(rows, cell_height_px=samples.doll.shape[2])

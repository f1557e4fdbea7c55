"""The training run: from a data set to a run folder with checkpoints, curves, sample sheets and a report."""

import json
import time
from contextlib import closing
from dataclasses import astuple, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from engines.system.whole_file import whole_file, write_whole
from live.puppet.fingerprint import fingerprint
from train.dataset.loader import open_dataset
from train.dataset.pairs import PairRollouts, open_rollouts
from train.dataset.prefetch import Prefetch
from train.dataset.rollouts import Batch, Rollouts
from train.dataset.store import settle
from train.errors import TrainError
from train.networks import perceptual
from train.training import checkpoint
from train.training.checkpoint import Checkpoint, averaged_generator, load_checkpoint, save_checkpoint
from train.training.config import RunConfig
from train.training.held_out import HeldOut
from train.training.interrupt import Interrupt
from train.training.processes import Processes, launch
from train.training.record import Record
from train.training.run_folder import CONFIG, run_folder
from train.training.step import StepReport, Trainer

HELD_OUT_SEED = 12345
HELD_OUT_BATCHES = 4  # of cross-validation: about 1% of the time that `validate_every` steps take


class Run:
    """One run folder: its data, its trainer and its clock, in one of the processes that train together."""

    def __init__(self, processes: Processes, folder: Path, config: RunConfig, *, resuming: bool) -> None:
        torch.set_num_threads(config.threads)
        self.processes, self.folder, self.config = processes, folder, config
        self.dataset = open_dataset(Path(config.dataset))
        where = settle(take.frames for take in self.dataset.takes.values())
        if processes.is_first:
            print(where)
            print(f"training on {config.device} in {config.arithmetic}, CPU threads: {config.threads}")
        self.fingerprint = fingerprint(self.dataset.config)
        teacher = averaged_generator(load_checkpoint(Path(config.teacher))) if config.teacher else None
        self.trainer = Trainer(config, self.dataset.pose_map_channels, teacher=teacher, processes=processes)
        self.elapsed_s, self.length = 0.0, config.rollout(0.0)[0]
        self.best = float("inf")
        self.pending: list[list[float]] = []
        last = load_checkpoint(folder) if resuming else None
        if last is not None:
            self._take_up(last)
        elif config.begin_from:
            self.trainer.begin_from(load_checkpoint(Path(config.begin_from)).trainer)
        held_out = self._rollouts(length=config.rollout(0.0)[0], seed=HELD_OUT_SEED, held_out=True)
        self.held_out = HeldOut([held_out.sample() for _ in range(HELD_OUT_BATCHES)])
        self.batches = self._draw_ahead(None if last is None else last.data)

    def train(self) -> bool:
        """Train to the end of the schedule, or until asked to stop. True at the end. Leaves a checkpoint either way."""
        started, saved = time.perf_counter() - self.elapsed_s, time.perf_counter()
        is_first = self.processes.is_first
        record = Record(self.folder, self.config, steps_done=self.trainer.steps_done) if is_first else None
        stop = False
        with Interrupt().listening() as interrupt, self._bar() as bar, closing(self):
            while self.progress < 1 and not stop:
                self._lengthen()
                batch = self.batches.sample()
                report = self.trainer.step(batch, self.progress)
                if not np.isfinite(astuple(report)).all():
                    raise self._not_a_number(batch, report)
                self.elapsed_s, stop = self.processes.agree(time.perf_counter() - started, interrupt.wanted)
                if record is not None:
                    self._note(record, report, bar)
                    if time.perf_counter() - saved > 60 * self.config.save_minutes:
                        self.save()
                        saved = time.perf_counter()
            if record is not None:
                self.save()
                self._show(record)
                record.close()
        self.processes.wait()
        return not stop

    @property
    def progress(self) -> float:
        """The share of the run that is done, 0..1: by steps, or by minutes of training."""
        if self.config.steps:
            return min(self.trainer.steps_done / self.config.steps, 1.0)
        return min(self.elapsed_s / (60 * self.config.minutes), 1.0)

    def save(self, *, best: bool = False) -> None:
        """Write `last.pt`, or `best.pt`."""
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
                data=self.batches.state(),
                best=self.best,
                pending=self.pending,
            ),
            best=best,
        )

    def close(self) -> None:
        """End the thread that draws batches."""
        self.batches.close()

    def _take_up(self, last: Checkpoint) -> None:
        if last.fingerprint != self.fingerprint:
            raise TrainError(
                "the data set was drawn by a different puppet from this run's",
                got=self.fingerprint,
                wanted=last.fingerprint,
                do="start a new run, or use the data set this run began with",
            )
        try:
            self.trainer.load_state(last.trainer)
        except (LookupError, RuntimeError, ValueError, TypeError, AttributeError) as error:
            raise TrainError(
                "the checkpoint has other networks", got=str(error).splitlines()[0], do="start a new run"
            ) from error
        self.elapsed_s, self.length = last.elapsed_s, last.rollout_length
        self.best, self.pending = last.best, last.pending

    def _lengthen(self) -> None:
        wanted, _ = self.config.rollout(self.progress)
        if wanted > self.length:  # never shorter: a run that continues with a later end keeps what it has reached
            self.batches.close()
            self.length = wanted
            self.batches = self._draw_ahead(None)

    def _draw_ahead(self, state: Any) -> Prefetch:
        rollouts = self._rollouts(length=self.length, seed=self.config.seed + self.length, held_out=False)
        if state is not None:
            rollouts.load_state(state)
        return Prefetch(rollouts, self.processes.share)

    def _rollouts(self, *, length: int, seed: int, held_out: bool) -> Rollouts | PairRollouts:
        crop, canvas = self.config.crop, self.dataset.canvas
        fitting, batch = (min(crop[0], canvas[0]), min(crop[1], canvas[1])), self.config.batch_of(length)
        return open_rollouts(self.dataset, length=length, batch=batch, crop=fitting, seed=seed, held_out=held_out)

    def _note(self, record: Record, report: StepReport, bar: tqdm) -> None:
        """Record what is due after a step."""
        done, config = self.trainer.steps_done, self.config
        self.pending.append(list(astuple(report)))
        if done % config.log_every == 0:
            means = np.mean(self.pending, axis=0)
            record.add(done, self.elapsed_s, means.tolist())
            bar.set_postfix_str(f"loss {means[0]:.3f}")
            self.pending = []
        if done % config.validate_every == 0:
            self._validate(record)
            for words in record.new_warnings():
                bar.write(words)
        if done % config.sheet_every == 0:
            self._show(record)
        at = done if config.steps else min(int(self.elapsed_s), bar.total)
        bar.update(at - bar.n)

    def _validate(self, record: Record) -> None:
        validation = self.held_out.validate(self.trainer)
        record.validated(self.trainer.steps_done, self.elapsed_s, validation)
        if validation.loss < self.best:
            self.best = validation.loss
            self.save(best=True)

    def _show(self, record: Record) -> None:
        picture, sample = self.held_out.sheet(self.trainer), self.held_out.sample(self.trainer)
        record.show(self.trainer.steps_done, self.elapsed_s, picture, sample)

    def _not_a_number(self, batch: Batch, report: StepReport) -> TrainError:
        rank = self.processes.share.rank
        path = self.folder / ("not_a_number.npz" if rank == 0 else f"not_a_number_{rank}.npz")
        with whole_file(path, shared=True) as file:
            np.savez_compressed(file, **{field.name: getattr(batch, field.name) for field in fields(batch)})
        return TrainError(
            f"a loss is not a number at step {self.trainer.steps_done}",
            got=str(report),
            do=f"continue from the checkpoint with --resume and a lower --rate; the batch is in {path}",
        )

    def _bar(self) -> tqdm:
        """Its time left follows from the mean pace of this start, cross-validation and sheets included."""
        if self.config.steps:
            total, done = self.config.steps, self.trainer.steps_done
        else:
            total = round(60 * self.config.minutes)
            done = min(int(self.elapsed_s), total)
        unit = "step" if self.config.steps else "s"
        return tqdm(
            total=total, initial=done, unit=unit, desc="train", smoothing=0.0, disable=not self.processes.is_first
        )


def run(folder: Path, config: RunConfig) -> bool:
    """Train into `folder`; True when the schedule is complete, False when asked to stop early.

    The folder must not hold a checkpoint yet. Raises TrainError, and what `run_folder` raises.
    """
    if (folder / checkpoint.NAME).exists():
        raise TrainError(
            "the run folder is in use", got=str(folder), do="continue with --resume, or choose another --out"
        )
    return _launched(folder, config, resuming=False)


def resume(folder: Path, **changes: Any) -> bool:
    """Continue the run in `folder`, bit for bit as if it had never stopped (on a CPU, when nothing is changed).

    `changes`: fields of RunConfig to replace: the end of the schedule, threads, dataset (moved), number of processes.
    """
    config = load_checkpoint(folder).config
    if changes.get("steps") or changes.get("minutes"):
        changes = {"steps": 0, "minutes": 0.0, **changes}
    return _launched(folder, replace(config, **changes), resuming=True)


def _launched(folder: Path, config: RunConfig, *, resuming: bool) -> bool:
    if config.perceptual == perceptual.NONE:
        print(perceptual.LOST)
    with run_folder(folder):
        return launch(config, partial(_train, folder=folder, config=config, resuming=resuming))


def _train(processes: Processes, *, folder: Path, config: RunConfig, resuming: bool) -> bool:
    opened = Run(processes, folder, config, resuming=resuming)
    if processes.is_first:
        write_whole(folder / CONFIG, json.dumps(config.to_json(), indent=1).encode(), shared=True)
    return opened.train()

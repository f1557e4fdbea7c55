"""Offline transfer: a target performs a whole clip. It is the live path without clocks, both bodies measured first.

Live has to measure the performer while they move. Here the whole clip is available, so, as in the paper, its statistics
are known before the first picture is drawn: one pass finds all poses and measures them, a second one performs.
"""

import json
import os
import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from tqdm import tqdm

from engines.bundle import find_target, open_bundle
from engines.system.lock import held
from engines.system.same_file import same_file
from engines.system.whole_folder import clear, unfinished
from live.clock import SystemClock
from live.config import LiveConfig
from live.performer.recording import save_poses
from live.puppet.errors import PuppetError
from live.puppet.geometry.body_stats import BodyStats, fit_stats
from live.puppet.topology import TOPOLOGY
from live.puppet.values import Frame
from live.scene.background import make_background
from live.session.assembly import open_parts
from live.session.loop import Loop
from live.sources.base import Source
from live.telemetry.report import Report
from train.errors import TrainError
from train.films.video import probe
from train.offline.performance import Performance, watch_performance
from train.offline.sound import lay_sound


@dataclass(frozen=True, slots=True)
class TransferConfig:
    """What to make. `framing` None: full when the performer's legs are seen and the target has such a take, else half.
    `background`, `mark`: as in run_live. `engine`, `precision`: of the generator.
    """

    source: Path
    target: str
    out: Path
    framing: str | None = None
    background: str = "plate"
    engine: str = "auto"
    precision: str = "auto"
    mark: bool = True


def transfer(config: TransferConfig) -> Path:
    """Write `config.out` (.mp4): every frame of the source once, as the target, at the source's rate, with its sound.

    The result is complete or absent; no picture of the source is in it. Raises TrainError, PuppetError or EngineError.
    """
    takes = open_bundle(find_target(config.target)).takes
    _check(config, framings=sorted(takes))
    with ExitStack() as closing:
        try:
            clear(config.out.parent)
            closing.enter_context(held(config.out.with_name(f".{config.out.name}.lock"), str(config.out)))
            folder = closing.enter_context(unfinished(config.out.parent))
        except OSError as error:
            raise _unwritable(config.out, error) from error
        performance = watch_performance(config.source)
        performer = _measure(performance)
        live = _live_config(config, performance, performer, framings=sorted(takes), folder=folder)
        _perform(live, len(performance.poses))
        finished = folder / "finished.mp4"
        sounds = lay_sound(Path(live.sinks[0]), config.source, finished, say=tqdm.write)
        try:
            finished.replace(config.out)
        except OSError as error:
            raise _unwritable(config.out, error) from error
    sound = "with" if sounds else "no"
    print(f"{config.out}: {len(performance.poses)} frames at {performance.fps:g} fps, {sound} sound")
    return config.out


def _check(config: TransferConfig, *, framings: list[str]) -> None:
    """Check everything that can be known to be wrong before the long work begins."""
    probe(config.source)
    if config.framing is not None and config.framing not in framings:
        raise TrainError(
            f"target {config.target} was not filmed in this framing",
            got=config.framing,
            wanted=" or ".join(framings),
            do=f"use --framing {framings[0]}, or leave it out",
        )
    if config.background != "plate":
        import numpy as np

        make_background(config.background, np.zeros((2, 2, 3), np.uint8))
    out = config.out
    if out.suffix.lower() != ".mp4":
        raise TrainError(f"cannot write {out}", got=out.suffix or "no ending", wanted=".mp4", do="name it FILE.mp4")
    if out.is_dir() or not out.parent.is_dir():
        got = "a folder" if out.is_dir() else f"no folder {out.parent}"
        raise TrainError(f"cannot write {out}", got=got, wanted="a file name in a folder that exists")
    if same_file(out, config.source):
        raise TrainError(f"cannot write {out}", got="the source itself", do="choose another --out")


def _measure(performance: Performance) -> BodyStats:
    try:
        return fit_stats(performance.poses)
    except PuppetError as error:
        raise TrainError(
            f"the person in {performance.name} cannot be measured", got=error.got, wanted=error.wanted, do=error.do
        ) from error


def _live_config(
    config: TransferConfig, performance: Performance, performer: BodyStats, *, framings: list[str], folder: Path
) -> LiveConfig:
    """The configuration of the second pass; its input, recorded poses and a calibration, is written to `folder`."""
    recorded, calibration = folder / "performance.npz", folder / "performer.json"
    save_poses(recorded, performance.poses, estimator=performance.estimator)
    calibration.write_text(json.dumps({"topology": TOPOLOGY, "stats": performer.to_json()}), encoding="utf-8")
    fitting = "full" if performer.has_legs else "half"
    return LiveConfig(
        target=config.target,
        source=str(recorded),
        sinks=(str(folder / "pictures.mp4"),),
        framing=config.framing or (fitting if fitting in framings else framings[0]),
        background=config.background,
        engine=config.engine,
        precision=config.precision,
        threads=os.cpu_count() or 1,
        fps=performance.fps,
        calibration=str(calibration),
        mark=config.mark,
        realtime=False,
    )


def _perform(config: LiveConfig, frames: int) -> None:
    """Run live's own loop to the end of the source. Raises what it raises, and KeyboardInterrupt."""
    clock, stop = SystemClock(), threading.Event()
    report = Report(clock.now())
    parts = open_parts(config, clock, stop, report, tqdm.write)
    try:
        with tqdm(total=frames, desc="perform", unit="frame") as bar:
            Loop(replace(parts, source=_Counted(parts.source, bar)), config, clock, stop, report, tqdm.write).run()
    finally:
        parts.close()
    if parts.sinks.failed:
        raise parts.sinks.failed[0]


class _Counted:
    """A source that moves a progress bar."""

    def __init__(self, source: Source, bar: tqdm) -> None:
        self.name, self.fps, self.size, self.live = source.name, source.fps, source.size, source.live
        self._source, self._bar = source, bar

    def read(self) -> Frame | None:
        frame = self._source.read()
        if frame is not None:
            self._bar.update()
        return frame

    def close(self) -> None:
        self._source.close()


def _unwritable(out: Path, error: OSError) -> TrainError:
    return TrainError(f"cannot write {out}", got=error.strerror or str(error), do="choose another --out")

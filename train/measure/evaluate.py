"""Measures a run on frames it never saw: every way to draw the target, in closed loop, against the real video."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from engines.arrays import U8
from live.estimator.choose import open_estimator
from live.puppet.drawing.stick_figure import draw_stick_figure
from live.puppet.values import PlacedPose
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.dataset.take import Take
from train.measure.drawings import open_drawings
from train.measure.drift import FAULT_FRAMES, HELD_FRAMES, MARKS, ROUND, held_drift, long_drift
from train.measure.drivers import FRAMES, drive
from train.measure.feature_distance import FeatureDistance, open_feature_distance
from train.measure.score_table import Measured, write_scores
from train.measure.scores import Eye, Scorer, Scores, Truth, Witness
from train.measure.strips import Strips
from train.networks.player import NETWORK, Drawing, Player
from train.networks.presets import BASELINE
from train.offline.performance import watch_performance
from train.report import sheet
from train.training.checkpoint import load_checkpoint

FOLDER = "evaluation"
COLUMNS = 9  # of the contact sheet
PLACED, REFINED = "real video (poses as live places them)", "real video (refined poses)"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure. `frames`: the most held-out frames of each take (0: all). `poses`: find poses again, which takes
    long. `backbone`: weights for the feature distance ("": those that the run was trained with). `steady`: also the
    network without its previous frame. `drivers`: clips or recorded poses of real people. `long`: also a
    self-rollout of 10,000 frames on the first take. `best`: the best checkpoint, not the last.
    """

    frames: int = 0
    poses: bool = True
    backbone: str = ""
    steady: bool = False
    drivers: Sequence[Path] = ()
    long: bool = False
    best: bool = False


def evaluate(folder: Path, wanted: Wanted | None = None) -> Path:
    """Measure the run in `folder`; returns the folder with metrics.json, metrics.md and the contact sheets.

    Raises TrainError, or PuppetError for a driver's clip that cannot be read.
    """
    wanted = wanted or Wanted()
    checkpoint = load_checkpoint(folder, best=wanted.best)
    dataset = open_dataset(Path(checkpoint.config.dataset))
    if not dataset.has_poses:
        wanted = replace(wanted, poses=False, drivers=())
    features = open_feature_distance(checkpoint.config, wanted.backbone)
    drawings = open_drawings(folder, checkpoint, steady=wanted.steady)
    out = folder / FOLDER
    out.mkdir(exist_ok=True)
    measured = Measured(checkpoint.steps_done, wanted.frames, round(checkpoint.elapsed_s / 60, 1))
    performances = [watch_performance(clip, frames=FRAMES) for clip in wanted.drivers]
    for take in dataset.takes.values():
        stop = min(take.held_out.stop, take.held_out.start + (wanted.frames or len(take)))
        shown = range(take.held_out.start, stop)
        measured.takes[take.name] = _measure(dataset, take, shown, drawings, features, out, poses=wanted.poses)
        if checkpoint.config.temporal and checkpoint.config.preset != BASELINE:  # the others cannot drift
            _measure_drift(dataset, take, shown, drawings[NETWORK], features, measured, long=wanted.long)
    measured.drivers = [drive(dataset, performance, drawings, out) for performance in performances]
    print(write_scores(out, measured), end="")
    return out


def _measure(
    dataset: Dataset,
    take: Take,
    shown: range,
    drawings: dict[str, Drawing],
    features: FeatureDistance | None,
    out: Path,
    *,
    poses: bool,
) -> dict[str, Scores]:
    # Each estimator tracks one person in one video.
    opened = [open_estimator("auto", tqdm.write) if poses else None for _ in range(1 + len(drawings))]
    eye = Eye(features)
    witness, floors = Witness(take.plate, opened[0], eye), {name: Scorer(None, eye) for name in (PLACED, REFINED)}
    scorers = {name: Scorer(own, eye) for name, own in zip(drawings, opened[1:], strict=True)}
    columns = set(np.linspace(shown.start, shown.stop - 1, COLUMNS).astype(int).tolist())
    strips = Strips(take.name)
    for drawing in drawings.values():
        drawing.reset()
    sequence = dataset.sequence(take, shown.start, shown.stop)
    for index, (conditioning, real) in zip(
        shown, tqdm(sequence, total=len(shown), desc=f"evaluate {take.name}"), strict=True
    ):
        truth = witness.look(index, real, conditioning)
        if index in columns:
            strips.add("real", truth.picture)
            stick = draw_stick_figure(conditioning.placed, dataset.canvas, valid_score=dataset.config.valid_score)
            strips.add("pose", stick)
        for name, drawing in drawings.items():
            frame = drawing.step(conditioning)
            scorers[name].see(truth, frame)
            if index in columns:
                strips.add(name, sheet.composite_over(frame, take.plate))
        _see_floor(floors, truth, take)
    for one in filter(None, opened):
        one.close()
    strips.write(out)
    return {name: scorer.scores() for name, scorer in {**scorers, **(floors if poses else {})}.items()}


def _see_floor(floors: dict[str, Scorer], truth: Truth, take: Take) -> None:
    """The estimator's own error: the pose found again in the real picture, against the one stored for it."""
    if truth.pose is not None:
        for name, refined in ((PLACED, False), (REFINED, True)):
            stored = _on_canvas(take.placed(truth.index, refined=refined), truth.picture)
            floors[name].see_pose(truth.pose, stored, truth.picture.shape[0])


def _on_canvas(placed: PlacedPose, picture: U8) -> PlacedPose:
    """The pose without joints outside the picture, above all legs below its edge, which nothing can find again."""
    height, width = picture.shape[:2]
    inside = (placed.points_px >= 0).all(axis=1) & (placed.points_px < (width, height)).all(axis=1)
    return replace(placed, scores=np.where(inside, placed.scores, np.float32(0)))


def _measure_drift(
    dataset: Dataset,
    take: Take,
    shown: range,
    drawing: Drawing,
    features: FeatureDistance | None,
    measured: Measured,
    *,
    long: bool,
) -> None:
    assert isinstance(drawing, Player)
    middle = dataset.draw(take.placed((shown.start + shown.stop) // 2, refined=False))
    with tqdm(total=HELD_FRAMES + FAULT_FRAMES, desc=f"held pose {take.name}", unit="frame") as bar:
        measured.held[take.name] = held_drift(drawing, middle, take.plate, features, progress=bar.update)
    if long and not measured.long:
        first = max(take.trained_on.stop - ROUND, 0)
        motion = [dataset.draw(take.placed(index, refined=False)) for index in range(first, first + ROUND)]
        with tqdm(total=MARKS[-1], desc=f"long rollout {take.name}", unit="frame") as bar:
            measured.long[take.name] = long_drift(drawing, motion, take.plate, features, progress=bar.update)

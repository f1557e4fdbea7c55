"""The paper's ablation: every variant gets the same frames, time and measurements; one table compares them."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from engines.system.whole_file import write_whole
from live.performer.recording import save_poses
from train.arguments import FACE_SHARE
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.errors import TrainError
from train.measure.ablation_table import Row, write_ablation
from train.measure.drivers import FRAMES
from train.measure.evaluate import FOLDER, PLACED, Wanted, evaluate
from train.measure.score_table import JSON, read_scores
from train.networks.face_network import DeployedFace
from train.networks.networks import CELL, CELLS, count_flops, count_parameters
from train.networks.player import DOLL, NETWORK, WITH_FACE, WITHOUT_FEEDBACK
from train.networks.presets import BASELINE
from train.offline.performance import watch_performance
from train.training import run as runs
from train.training.checkpoint import NAME, Checkpoint, averaged_generator, load_checkpoint
from train.training.config import RunConfig
from train.training.face import train_face
from train.training.face_checkpoint import averaged_face

PLAN = "ablation.json"


@dataclass(frozen=True, slots=True)
class Variant:
    """One row. `run`: the run folder it is read from (some share one); `drawn_by`: the row in that run's evaluation."""

    title: str
    run: str
    drawn_by: str = NETWORK


# What each run changes in RunConfig. Doll and real video are read from the first run there is: no run changes them.
RUNS: dict[str, dict[str, Any]] = {
    BASELINE: {"preset": BASELINE, "doll": False, "temporal": False},
    "no-doll": {"doll": False},
    "no-temporal": {"temporal": False},
    "lite": {},
    "full": {"preset": "full"},
}
VARIANTS: dict[str, Variant] = {
    BASELINE: Variant("pix2pixHD", BASELINE),
    "real": Variant("(poses found in the real video)", "", PLACED),
    "doll": Variant("doll alone", "", DOLL),
    "no-doll": Variant("lite without doll", "no-doll"),
    "no-temporal": Variant("lite without temporal smoothing", "no-temporal"),
    "temporal": Variant("lite + temporal", "lite"),
    "no-feedback": Variant("the same, without feedback", "lite", WITHOUT_FEEDBACK),
    "face": Variant("lite + temporal + FaceGAN", "lite", WITH_FACE),
    "full": Variant("full + temporal", "full"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to compare. `settings`: fields of RunConfig that all runs share, among them `steps` or `minutes`. `frames`:
    held-out frames of each take that are measured (0: all). `drivers`: clips or recorded poses of real people.
    """

    settings: dict[str, Any]
    variants: Sequence[str] = tuple(VARIANTS)
    frames: int = 300
    drivers: Sequence[Path] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        unknown = [name for name in self.variants if name not in VARIANTS]
        if unknown or not self.runs:
            raise TrainError(
                "no such variants" if unknown else "these alone make no comparison",
                got=" ".join(unknown or self.variants),
                wanted=f"some of: {' '.join(VARIANTS)}",
            )
        if taken := {"preset", "doll", "temporal"} & set(self.settings):
            raise TrainError(
                "ablate chooses these itself", got=", ".join(sorted(taken)), do="leave them out; see --variants"
            )

    @property
    def runs(self) -> list[str]:
        """The runs that the variants need, in order."""
        wanted = {VARIANTS[name].run for name in self.variants}
        return [name for name in RUNS if name in wanted]

    def drawn_by(self, run: str) -> set[str]:
        """The rows that are read from the evaluation of this run."""
        return {VARIANTS[name].drawn_by for name in self.variants if VARIANTS[name].run == run}


def ablate(dataset_folder: Path, out: Path, plan: Plan) -> bool:
    """Train and measure every variant that is not finished yet, then write the table to `out`, beside the runs.

    True when all is done, False when asked to stop early; the same call continues. Raises TrainError.
    """
    dataset = open_dataset(dataset_folder)
    _take_up(out, {"dataset": str(dataset_folder.resolve()), **plan.settings})
    drivers = [_recorded(clip, out / "drivers") for clip in plan.drivers]
    for name in plan.runs:
        folder = out / name
        config = RunConfig(**{"dataset": str(dataset_folder.resolve()), **plan.settings, **RUNS[name]})
        print(f"{name}:")
        if not _trained(folder, config) or not _with_face(folder, config, plan.drawn_by(name)):
            return False
        if not _measured(folder, plan, drivers, plan.drawn_by(name)):
            wanted = Wanted(frames=plan.frames, drivers=drivers, steady=WITHOUT_FEEDBACK in plan.drawn_by(name))
            evaluate(folder, wanted)
    rows = [row for name in plan.variants if (row := _row(out, dataset, plan, VARIANTS[name])) is not None]
    print(write_ablation(out, rows, takes=list(dataset.takes)), end="")
    return True


def _take_up(out: Path, asked: dict[str, Any]) -> None:
    """Begin, or check that what was begun there had the same settings: otherwise its rows would not compare."""
    path, text = out / PLAN, json.dumps(asked, indent=1, default=str)
    try:
        if path.exists() and json.loads(path.read_text(encoding="utf-8")) != json.loads(text):
            raise TrainError(
                "that folder holds an ablation with other settings",
                got=text.replace("\n", ""),
                wanted=path.read_text(encoding="utf-8").replace("\n", ""),
                do="choose another --out, or the same settings",
            )
        out.mkdir(parents=True, exist_ok=True)
        write_whole(path, text.encode(), shared=True)
    except (OSError, ValueError) as error:
        raise TrainError(f"cannot use {out}", got=str(error), do="choose another --out") from error


def _recorded(clip: Path, folder: Path) -> Path:
    """The clip's poses on disk, so that they are found once instead of once per run."""
    if clip.suffix.lower() == ".npz":
        return clip
    path = folder / f"{clip.stem}.npz"
    if not path.exists():
        performance = watch_performance(clip, frames=FRAMES)
        folder.mkdir(exist_ok=True)
        save_poses(path, performance.poses, estimator=performance.estimator)
    return path


def _trained(folder: Path, config: RunConfig) -> bool:
    """Train, or continue; returns at once when it is done. False when asked to stop."""
    if not (folder / NAME).exists():
        return runs.run(folder, config)
    last = load_checkpoint(folder)
    done = last.steps_done >= config.steps if config.steps else last.elapsed_s >= 60 * config.minutes
    return done or runs.resume(folder)


def _with_face(folder: Path, config: RunConfig, drawn_by: set[str]) -> bool:
    """Train the face too if its row is wanted; returns at once when it is done. False when asked to stop."""
    if WITH_FACE not in drawn_by:
        return True
    steps = max(1, round(config.steps * FACE_SHARE)) if config.steps else 0
    return train_face(folder, steps=steps, minutes=config.minutes * FACE_SHARE, resume=True)


def _measured(folder: Path, plan: Plan, drivers: Sequence[Path], drawn_by: set[str]) -> bool:
    """Whether this very checkpoint has been measured for everything wanted."""
    out = folder / FOLDER
    if not (out / JSON).exists():
        return False
    found, last = read_scores(out), load_checkpoint(folder)
    ways = set.intersection(*(set(ways) for ways in found["takes"].values()))
    needed = drawn_by - {WITH_FACE} | ({WITH_FACE} & drawn_by if averaged_face(folder, last) is not None else set())
    clips = {driven["clip"] for driven in found["drivers"]}
    return (
        found["steps"] == last.steps_done
        and found["frames"] == plan.frames
        and needed <= ways
        and {path.stem for path in drivers} <= clips
    )


def _row(out: Path, dataset: Dataset, plan: Plan, variant: Variant) -> Row | None:
    """What was measured of a variant; None, with a printed line, if it cannot be drawn (its face was not made)."""
    folder = out / (variant.run or plan.runs[0])
    last, found = load_checkpoint(folder), read_scores(folder / FOLDER)
    if any(variant.drawn_by not in ways for ways in found["takes"].values()):
        print(f"{variant.title}: left out, it was not made")
        return None
    row = Row(variant.title, folder / FOLDER, variant.drawn_by, None, None, None, None, found)
    if variant.drawn_by == PLACED:
        return row
    if variant.drawn_by == DOLL:
        return replace(row, gflop=0.0, parameters=0, steps=0, minutes=0.0)
    flops, parameters = _arithmetic(folder, last, dataset, face=variant.drawn_by == WITH_FACE)
    steps, minutes = last.steps_done, last.elapsed_s / 60
    return replace(row, gflop=flops / 1e9, parameters=parameters, steps=steps, minutes=minutes)


def _arithmetic(folder: Path, last: Checkpoint, dataset: Dataset, *, face: bool) -> tuple[int, int]:
    """(FLOPs, parameters) of one frame, 2 x multiply-accumulates."""
    width, height = (side // CELL for side in dataset.canvas)
    generator, cells = averaged_generator(last), torch.zeros(1, height, width, CELLS)
    pose_map = torch.zeros(1, height, width, last.pose_map_channels)
    flops, parameters = count_flops(generator, pose_map, cells, cells), count_parameters(generator)
    network = averaged_face(folder, last) if face else None
    if network is not None:
        from live.render.face import SPEC

        inputs = (torch.zeros(tensor.shape, dtype=torch.uint8) for tensor in SPEC.inputs)
        flops, parameters = flops + count_flops(DeployedFace(network), *inputs), parameters + count_parameters(network)
    return flops, parameters

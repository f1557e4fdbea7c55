"""The trainer's command line: `python -m train all | prepare | run | face | evaluate | ablate | export | ...`."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

from engines.errors import UserError
from engines.system import process
from train.arguments import DEFAULT_MINUTES, FACE_MINUTES, FACE_SHARE, parser
from train.collisions import find_collision
from train.consent import film_of
from train.errors import TrainError

# Torch, MediaPipe and OpenCV take seconds to import: each command imports what it needs.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0 on success, 1 on failure (one line on stderr), 2 on wrong usage."""
    flags = parser()
    chosen = flags.parse_args(arguments)
    if problem := find_collision(chosen):
        flags.error(problem)
    try:
        return COMMANDS[chosen.command](chosen)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
    return 1


def prepare(chosen: argparse.Namespace) -> int:
    """Videos or pictures -> data set."""
    _prepare(chosen, puppet=False)
    return 0


def run(chosen: argparse.Namespace) -> int:
    """Train, or continue training."""
    done = _train(chosen.dataset, chosen.out, chosen)
    print(
        f"trained: {chosen.out}"
        if done
        else f"stopped, nothing is lost; to continue, run the same command with --resume: {chosen.out}"
    )
    return 0


def face(chosen: argparse.Namespace) -> int:
    """Train the face network of a finished run, or continue training it."""
    from train.training.face import train_face

    minutes = chosen.minutes if chosen.steps or chosen.minutes else FACE_MINUTES
    if not train_face(chosen.run, steps=chosen.steps, minutes=minutes, resume=chosen.resume):
        print(f"stopped, nothing is lost; to continue, run the same command with --resume: {chosen.run}")
    return 0


def evaluate(chosen: argparse.Namespace) -> int:
    """Measure a run on frames it never saw."""
    from train.measure.evaluate import Wanted
    from train.measure.evaluate import evaluate as measure

    wanted = Wanted(
        frames=chosen.frames,
        poses=not chosen.no_poses,
        backbone=chosen.backbone,
        steady=chosen.steady,
        drivers=chosen.drivers,
        long=chosen.long,
        best=chosen.best,
    )
    print(f"written: {measure(chosen.run, wanted)}")
    return 0


def ablate(chosen: argparse.Namespace) -> int:
    """Train and measure every variant in the same way."""
    from train.measure.ablate import VARIANTS, Plan
    from train.measure.ablate import ablate as compare

    settings = {"threads": os.cpu_count() or 1, **_settings(chosen)}
    plan = Plan(settings, chosen.variants or tuple(VARIANTS), chosen.frames, chosen.drivers)
    if not compare(chosen.dataset, chosen.out, plan):
        print(f"stopped, nothing is lost; to continue, run the same command again: {chosen.out}")
        return 1
    print(f"written: {chosen.out}")
    return 0


def transfer(chosen: argparse.Namespace) -> int:
    """Make a target perform a video."""
    from train.offline.transfer import TransferConfig
    from train.offline.transfer import transfer as make

    make(TransferConfig(chosen.source, chosen.target, chosen.out, chosen.framing, chosen.background, mark=chosen.mark))
    return 0


def export(chosen: argparse.Namespace) -> int:
    """Run -> target bundle."""
    from train.bundle.export import export_run
    from train.bundle.int8 import add_int8

    consent = film_of(chosen.film_of, chosen.out, sys.stdin, sys.stdout)
    export_run(chosen.run, chosen.out, title=chosen.title, licence=chosen.licence, consent=consent, best=chosen.best)
    add_int8(chosen.out)
    return 0


def everything(chosen: argparse.Namespace) -> int:
    """Videos -> data set -> run -> measures -> bundle."""
    from engines.bundle import user_targets
    from train.bundle.export import check_bundle_place, export_doll, export_run
    from train.bundle.int8 import add_int8
    from train.measure.evaluate import evaluate as measure
    from train.training.run_folder import check_run_folder

    dataset, folder = chosen.work / chosen.name, chosen.work / f"{chosen.name}.run"
    out = chosen.out or user_targets() / chosen.name
    check_bundle_place(out)  # now, not after hours of training
    check_run_folder(folder)
    label = {"title": chosen.title, "licence": chosen.licence}
    label["consent"] = film_of(chosen.film_of, out, sys.stdin, sys.stdout)  # ask now: in two hours nobody may be there
    if not (chosen.resume and (dataset / "dataset.json").exists()):
        _prepare(chosen, puppet=True)
    if chosen.steps == 0:
        export_doll(dataset, out, **label)
    else:
        if chosen.steps is None and chosen.minutes is None:
            chosen.minutes = DEFAULT_MINUTES
        if not _train(dataset, folder, chosen):
            print(
                f"stopped, nothing is lost; to continue, run the same command with --resume; to use what is learned: "
                f"python -m train export {folder} --out {out}"
            )
            return 1
        if not _train_face(folder, chosen):
            print(f"stopped, nothing is lost; to continue, run the same command with --resume: {folder}")
            return 1
        measure(folder)
        export_run(folder, out, **label)
        add_int8(out)
    print(f"try it: python run_live.py --target {out if chosen.out else chosen.name}")
    return 0


def describe(chosen: argparse.Namespace) -> int:
    """Print the parameter count and arithmetic of every network preset."""
    import torch

    from live.puppet.drawing.pose_map import CHANNELS
    from live.render.face import SPEC
    from train.networks.face_network import FaceGenerator
    from train.networks.networks import CELL, CELLS, count_flops, count_parameters
    from train.networks.presets import PRESETS, build_generator

    side = chosen.canvas // CELL
    print("preset       parameters   GFLOP a frame (2 x multiply-accumulates)")
    for preset in PRESETS:
        network = build_generator(preset, CHANNELS).eval()
        cells = torch.zeros(1, side, side, CELLS)
        flops = count_flops(network, torch.zeros(1, side, side, CHANNELS), cells, cells)
        size = count_parameters(network) / 1e6
        print(f"{preset:12} {size:8.2f} M   {flops / 1e9:.2f} at {chosen.canvas}x{chosen.canvas}")
    face, shapes = FaceGenerator().eval(), [tensor.shape for tensor in SPEC.inputs]
    flops, size = count_flops(face, *(torch.zeros(shape) for shape in shapes)), count_parameters(face) / 1e6
    print(f"{'face':12} {size:8.2f} M   {flops / 1e9:.2f} at any canvas")
    return 0


def _train(dataset: Path, folder: Path, chosen: argparse.Namespace) -> bool:
    """Start a run; with --resume, continue the one in `folder` if there is one. True once its schedule is complete."""
    from train.training import run as runs
    from train.training.checkpoint import NAME
    from train.training.config import RunConfig

    settings = _settings(chosen)
    if chosen.resume and (folder / NAME).exists():
        return runs.resume(folder, **settings)
    threads = max(1, (os.cpu_count() or 1) // settings.get("devices", 1))
    return runs.run(folder, RunConfig(dataset=str(dataset.resolve()), **{"threads": threads, **settings}))


def _train_face(folder: Path, chosen: argparse.Namespace) -> bool:
    """The face stage of `all`. True when it is done or skipped."""
    from train.training.face import train_face

    if chosen.face_minutes == 0:
        return True
    if chosen.face_minutes is None and chosen.steps:
        return train_face(folder, steps=max(1, round(chosen.steps * FACE_SHARE)), resume=True)
    minutes = chosen.face_minutes or min(chosen.minutes * FACE_SHARE, FACE_MINUTES)
    return train_face(folder, minutes=minutes, resume=True)


# Flags with the same names as fields of RunConfig.
SETTINGS = (
    "steps minutes preset batch crop threads perceptual gan gan_start lengthen_at learning_rate teacher begin_from "
    "seed device precision devices nodes sheet_every validate_every tensorboard"
)


def _settings(chosen: argparse.Namespace) -> dict[str, Any]:
    """The fields of RunConfig that were given on the command line."""
    given = {name: getattr(chosen, name) for name in SETTINGS.split() if getattr(chosen, name) is not None}
    for pair in ("crop", "lengthen_at"):
        if pair in given:
            given[pair] = tuple(given[pair])
    for run_folder in ("teacher", "begin_from"):
        if run_folder in given:
            given[run_folder] = str(Path(given[run_folder]).resolve())
    if chosen.weight:
        given["weights"] = _weights(chosen.weight)
    return given


def _weights(given: Sequence[str]) -> Any:
    """The default loss weights, overridden by each `--weight NAME=X`."""
    from train.training.config import LossWeights

    known = {field.name for field in fields(LossWeights)}
    values = {}
    for text in given:
        name, _, value = text.partition("=")
        try:
            values[name] = float(value)
        except ValueError:
            name = ""
        if name not in known:
            raise TrainError("no such loss weight", got=text, wanted=f"NAME=NUMBER, of {', '.join(sorted(known))}")
    return LossWeights(**values)


def _prepare(chosen: argparse.Namespace, *, puppet: bool) -> None:
    """`puppet`: the data set must be able to make a puppet, which picture pairs cannot."""
    from train.films.sources import prepare_paths

    extras = {"mattes": chosen.matte or (), "plates": chosen.plate or (), "fps": chosen.fps, "puppet": puppet}
    prepare_paths(chosen.video, name=chosen.name, out=chosen.work, **extras)


def bench(chosen: argparse.Namespace) -> int:
    """Time a target's network on every engine and in PyTorch."""
    from train.measure.baseline import bench as time_all

    time_all(
        chosen.target,
        sizes=chosen.sizes,
        frames=chosen.frames,
        threads=chosen.threads,
        chart=chosen.chart,
        say=lambda text: print(text, flush=True),
    )
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "all": everything,
    "prepare": prepare,
    "run": run,
    "face": face,
    "evaluate": evaluate,
    "ablate": ablate,
    "export": export,
    "transfer": transfer,
    "bench": bench,
    "describe": describe,
}


def entry() -> NoReturn:
    """Run `main` on the process's command line."""
    process.run(main)


if __name__ == "__main__":
    entry()

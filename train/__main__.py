"""The trainer's command line: `python -m train all | prepare | run | evaluate | export | describe`."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from engines.bundle import user_targets
from engines.errors import EngineError
from live.puppet.errors import PuppetError
from train.arguments import DEFAULT_MINUTES, parser
from train.errors import TrainError

# Torch, MediaPipe and OpenCV take seconds to import: each command imports what it needs.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when done, 1 for a failure (one line on stderr), 2 for wrong usage."""
    chosen = parser().parse_args(arguments)
    try:
        return COMMANDS[chosen.command](chosen)
    except (TrainError, PuppetError, EngineError) as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    return 1


def prepare(chosen: argparse.Namespace) -> int:
    """Videos -> data set."""
    from train.prepare import prepare as prepare_films

    prepare_films(_films(chosen), name=chosen.name, out=chosen.work)
    return 0


def run(chosen: argparse.Namespace) -> int:
    """Train, or go on training."""
    done = _train(chosen.dataset, chosen.out, chosen)
    print(
        f"trained: {chosen.out}"
        if done
        else f"stopped, nothing is lost; go on with the same command and --resume: {chosen.out}"
    )
    return 0


def evaluate(chosen: argparse.Namespace) -> int:
    """Measure a run on the frames that it never saw."""
    from train.evaluate import evaluate as measure

    print(f"written: {measure(chosen.run, frames=chosen.frames, poses=not chosen.no_poses)}")
    return 0


def export(chosen: argparse.Namespace) -> int:
    """Run -> target bundle."""
    from train.export import export_run

    export_run(chosen.run, chosen.out, title=chosen.title, licence=chosen.licence)
    return 0


def everything(chosen: argparse.Namespace) -> int:
    """Videos -> data set -> run -> measures -> bundle."""
    from train.export import export_doll, export_run
    from train.prepare import prepare as prepare_films

    dataset, folder = chosen.work / chosen.name, chosen.work / f"{chosen.name}.run"
    out = chosen.out or user_targets() / chosen.name
    if not (chosen.resume and (dataset / "dataset.json").exists()):
        prepare_films(_films(chosen), name=chosen.name, out=chosen.work)
    if chosen.steps == 0:
        export_doll(dataset, out, title=chosen.title, licence=chosen.licence)
    else:
        if chosen.steps is None and chosen.minutes is None:
            chosen.minutes = DEFAULT_MINUTES
        if not _train(dataset, folder, chosen):
            print(
                f"stopped, nothing is lost; go on with the same command and --resume, or take what it has learned: "
                f"python -m train export {folder} --out {out}"
            )
            return 1
        evaluate(argparse.Namespace(run=folder, frames=0, no_poses=False))
        export_run(folder, out, title=chosen.title, licence=chosen.licence)
    print(f"try it: python run_live.py --target {out if chosen.out else chosen.name}")
    return 0


def describe(chosen: argparse.Namespace) -> int:
    """Print parameters and arithmetic of every network preset."""
    import torch

    from live.puppet.pose_map import CHANNELS
    from train.networks import CELL, CELLS, PRESETS, Generator, count_flops, count_parameters

    side = chosen.canvas // CELL
    print("preset   parameters   GFLOP a frame (2 x multiply-accumulates)")
    for preset in PRESETS:
        network = Generator(CHANNELS, preset).eval()
        cells = torch.zeros(1, side, side, CELLS)
        flops = count_flops(network, torch.zeros(1, side, side, CHANNELS), cells, cells)
        size = count_parameters(network) / 1e6
        print(f"{preset:8} {size:8.2f} M   {flops / 1e9:.2f} at {chosen.canvas}x{chosen.canvas}")
    return 0


def _train(dataset: Path, folder: Path, chosen: argparse.Namespace) -> bool:
    """Start a run, or with --resume go on with the one in `folder` if there is one. True at the end of its schedule."""
    from train import run as runs
    from train.checkpoint import NAME
    from train.config import RunConfig

    settings = _settings(chosen)
    if chosen.resume and (folder / NAME).exists():
        return runs.resume(folder, **settings)
    return runs.run(folder, RunConfig(dataset=str(dataset.resolve()), **{"threads": os.cpu_count() or 1, **settings}))


def _settings(chosen: argparse.Namespace) -> dict[str, Any]:
    """The fields of RunConfig that were given on the command line."""
    names = (
        "steps minutes preset batch crop threads perceptual gan_start lengthen_at learning_rate seed device precision"
    )
    given = {name: getattr(chosen, name) for name in names.split() if getattr(chosen, name) is not None}
    if "crop" in given:
        given["crop"] = tuple(given["crop"])
    return given


def _films(chosen: argparse.Namespace) -> list[Any]:
    from train.film import Film

    extras = []
    for flag, given in (("--matte", chosen.matte), ("--plate", chosen.plate)):
        if given and len(given) != len(chosen.video):
            raise TrainError(
                f"{flag} for some videos only", got=str(len(given)), wanted=f"none, or {len(chosen.video)}: one a video"
            )
        extras.append(given or [None] * len(chosen.video))
    return [Film(video, matte, plate) for video, matte, plate in zip(chosen.video, *extras, strict=True)]


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "all": everything,
    "prepare": prepare,
    "run": run,
    "evaluate": evaluate,
    "export": export,
    "describe": describe,
}

if __name__ == "__main__":
    sys.exit(main())

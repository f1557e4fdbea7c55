"""The trainer's command line: `python -m train all | prepare | run | evaluate | export | describe`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engines.bundle import user_targets
from engines.errors import EngineError
from live.puppet.errors import PuppetError
from train.errors import TrainError

# Torch, MediaPipe and OpenCV take seconds to import: each command imports what it needs.

DEFAULT_MINUTES = 120.0  # of training in `all`: three hours in all on two cores


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 when done, 1 for a failure (one line on stderr), 2 for wrong usage."""
    chosen = _parser().parse_args(arguments)
    try:
        return int(chosen.command(chosen))
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m train", description="Make a puppet from videos of a character.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("all", help="videos in, finished puppet out: prepare, run, evaluate and export")
    _add_film_flags(command)
    _add_run_flags(
        command, end_note=f" (default: {DEFAULT_MINUTES:.0f} minutes); --steps 0: no training, the doll alone"
    )
    _add_bundle_flags(command)
    command.add_argument(
        "--out", type=Path, metavar="DIR", help="folder of the finished puppet (default: your targets, by its name)"
    )
    command.add_argument("--resume", action="store_true", help="go on where the last one stopped")
    command.set_defaults(command=everything)

    command = commands.add_parser("prepare", help="make a data set from videos of the character")
    _add_film_flags(command)
    command.set_defaults(command=prepare)

    command = commands.add_parser("run", help="train on a data set; Ctrl-C stops and keeps what is learned")
    command.add_argument("dataset", type=Path, metavar="DATASET", help="folder made by prepare")
    command.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="folder for checkpoints and sample pictures"
    )
    command.add_argument("--resume", action="store_true", help="go on from the run folder's checkpoint")
    _add_run_flags(command, end_note="")
    command.set_defaults(command=run)
    _add_after_run(commands)
    return parser


def _add_after_run(commands: Any) -> None:
    command = commands.add_parser("evaluate", help="measure a run on the last fifth of its videos, which it never saw")
    command.add_argument("run", type=Path, metavar="RUN", help="folder made by run")
    command.add_argument(
        "--frames", type=int, default=0, metavar="N", help="at most N frames of each take (default 0: all)"
    )
    command.add_argument("--no-poses", action="store_true", help="skip finding the poses again (the slowest part)")
    command.set_defaults(command=evaluate)

    command = commands.add_parser("export", help="make a finished puppet (target bundle) from a run")
    command.add_argument("run", type=Path, metavar="RUN", help="folder made by run")
    command.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder of the finished puppet; its name is the target's"
    )
    _add_bundle_flags(command)
    command.set_defaults(command=export)

    command = commands.add_parser("describe", help="print the networks' size and arithmetic")
    command.add_argument("--canvas", type=int, default=512, metavar="PX", help="side of the canvas (default 512)")
    command.set_defaults(command=describe)


def _add_film_flags(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("videos")
    group.add_argument(
        "video", type=Path, nargs="+", metavar="VIDEO", help="takes of the character: whole body, waist-up"
    )
    group.add_argument("--name", required=True, help="the character's short name")
    group.add_argument(
        "--matte", type=Path, nargs="+", metavar="VIDEO", help="matte videos, one for each, if you have them"
    )
    group.add_argument(
        "--plate", type=Path, nargs="+", metavar="PICTURE", help="pictures of the empty set, one for each"
    )
    group.add_argument(
        "--work",
        type=Path,
        default=Path("training"),
        metavar="DIR",
        help="folder for data sets and runs (default training)",
    )


def _add_run_flags(command: argparse.ArgumentParser, *, end_note: str) -> None:
    group = command.add_argument_group("training")
    group.add_argument("--steps", type=int, metavar="N", help="train this many steps")
    group.add_argument("--minutes", type=float, metavar="M", help=f"or this many minutes{end_note}")
    group.add_argument(
        "--perceptual", metavar="NET", help="none, or mobilenet_v2:FILE.npz (default none: softer pictures)"
    )
    group.add_argument(
        "--gan-start", type=int, metavar="STEP", help="step at which the discriminator joins (default 3000)"
    )
    group.add_argument(
        "--lengthen-at", type=float, metavar="SHARE", help="share of the run with short rollouts (default 0.7)"
    )
    group.add_argument("--preset", help="network size: lite (default)")
    group.add_argument("--batch", type=int, metavar="N", help="rollouts a step (default 4)")
    group.add_argument(
        "--crop", type=int, nargs=2, metavar=("W", "H"), help="training window in pixels (default 256 384)"
    )
    group.add_argument("--rate", dest="learning_rate", type=float, metavar="LR", help="learning rate (default 0.001)")
    group.add_argument("--seed", type=int, metavar="N", help="seed of all that is random (default 0)")
    group.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: all cores)")
    group.add_argument("--device", metavar="DEVICE", help="cpu or cuda (default cpu)")
    group.add_argument("--precision", choices=("bf16", "fp32"), help="of the arithmetic (default bf16)")


def _add_bundle_flags(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("bundle")
    group.add_argument("--title", default="", help="the character's name as people read it")
    group.add_argument("--licence", default="", help="under which terms the puppet may be used")


if __name__ == "__main__":
    sys.exit(main())

"""The flags of `python -m train`."""

import argparse
from pathlib import Path
from typing import Any

DEFAULT_MINUTES = 120.0  # of training in `all`: three hours in all on two cores


def parser() -> argparse.ArgumentParser:
    """All commands; `command` of the parsed namespace is the name of the one that was chosen."""
    whole = argparse.ArgumentParser("python -m train", description="Make a puppet from videos of a character.")
    commands = whole.add_subparsers(required=True, dest="command", metavar="COMMAND")

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

    command = commands.add_parser("prepare", help="make a data set from videos of the character")
    _add_film_flags(command)

    command = commands.add_parser("run", help="train on a data set; Ctrl-C stops and keeps what is learned")
    command.add_argument("dataset", type=Path, metavar="DATASET", help="folder made by prepare")
    command.add_argument(
        "--out", type=Path, required=True, metavar="RUN", help="folder for checkpoints and sample pictures"
    )
    command.add_argument("--resume", action="store_true", help="go on from the run folder's checkpoint")
    _add_run_flags(command, end_note="")
    _add_after_run(commands)
    return whole


def _add_after_run(commands: Any) -> None:
    command = commands.add_parser("evaluate", help="measure a run on the last fifth of its videos, which it never saw")
    command.add_argument("run", type=Path, metavar="RUN", help="folder made by run")
    command.add_argument(
        "--frames", type=int, default=0, metavar="N", help="at most N frames of each take (default 0: all)"
    )
    command.add_argument("--no-poses", action="store_true", help="skip finding the poses again (the slowest part)")

    command = commands.add_parser("export", help="make a finished puppet (target bundle) from a run")
    command.add_argument("run", type=Path, metavar="RUN", help="folder made by run")
    command.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder of the finished puppet; its name is the target's"
    )
    _add_bundle_flags(command)

    command = commands.add_parser("describe", help="print the networks' size and arithmetic")
    command.add_argument("--canvas", type=int, default=512, metavar="PX", help="side of the canvas (default 512)")


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

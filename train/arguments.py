"""The flags of `python -m train`."""

import argparse
from pathlib import Path
from typing import Any

from engines.consent import CONSENTS
from engines.system.names import name_error

DEFAULT_MINUTES = 120.0  # of training in `all`, which then takes three hours in total on two cores
FACE_MINUTES = 20.0  # of training for the face, and the most that `all` spends on it
FACE_SHARE = 1 / 6  # the face's training in `all`, as a share of the generator's time or steps


def parser() -> argparse.ArgumentParser:
    """The parser of all commands; the parsed namespace's `command` is the name of the chosen one."""
    whole = argparse.ArgumentParser("python -m train", description="Make a puppet from videos of a character.")
    commands = whole.add_subparsers(required=True, dest="command", metavar="COMMAND")

    command = commands.add_parser("all", help="videos in, finished puppet out: prepare, run, evaluate and export")
    _add_film_flags(command)
    _add_run_flags(
        command, end_note=f" (default: {DEFAULT_MINUTES:.0f} minutes); --steps 0: no training, just the doll"
    )
    command.add_argument(
        "--face-minutes",
        type=float,
        metavar="M",
        help=f"train the face this long; 0: no face network (default: a sixth of the training, at most "
        f"{FACE_MINUTES:.0f})",
    )
    _add_bundle_flags(command)
    command.add_argument(
        "--out", type=_place, metavar="DIR", help="folder for the finished puppet (default: your targets, by name)"
    )
    command.add_argument("--resume", action="store_true", help="continue where the last one stopped")

    command = commands.add_parser("prepare", help="make a data set from videos of the character")
    _add_film_flags(command)

    command = commands.add_parser("run", help="train on a data set; Ctrl-C stops and keeps what is learned")
    command.add_argument("dataset", type=_path, metavar="DATASET", help="folder made by prepare")
    command.add_argument(
        "--out", type=_path, required=True, metavar="RUN", help="folder for checkpoints and sample pictures"
    )
    command.add_argument("--resume", action="store_true", help="continue from the run folder's checkpoint")
    _add_run_flags(command, end_note="")
    _add_after_run(commands)
    _add_bench(commands)
    return whole


def _add_bench(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    command = commands.add_parser(
        "bench", help="time a puppet's network on every engine of this machine and in PyTorch, next to pix2pixHD"
    )
    command.add_argument(
        "--target", required=True, metavar="NAME|DIR", help="an installed target, or the folder of one"
    )
    command.add_argument("--sizes", type=int, nargs="+", default=[512], metavar="N", help="canvas sides in px (512)")
    command.add_argument("--frames", type=int, default=60, metavar="N", help="frames to time on each (default 60)")
    command.add_argument("--threads", type=int, default=1, metavar="N", help="CPU threads for each (default 1)")
    command.add_argument("--chart", type=_path, metavar="FILE.png", help="draw the times as bars")


def _add_after_run(commands: Any) -> None:
    command = commands.add_parser("face", help="after run: train a network that sharpens the face; Ctrl-C keeps it")
    command.add_argument("run", type=_path, metavar="RUN", help="folder made by run")
    end = command.add_mutually_exclusive_group()
    end.add_argument("--steps", type=int, default=0, metavar="N", help="train this many steps")
    end.add_argument(
        "--minutes", type=float, default=0.0, metavar="M", help=f"or this long (default {FACE_MINUTES:.0f} minutes)"
    )
    command.add_argument("--resume", action="store_true", help="continue where the last one stopped")

    command = commands.add_parser("evaluate", help="measure a run on the last fifth of its videos, which it never saw")
    command.add_argument("run", type=_path, metavar="RUN", help="folder made by run")
    _add_best_flag(command)
    command.add_argument(
        "--frames", type=int, default=0, metavar="N", help="at most N frames of each take (default 0: all)"
    )
    command.add_argument("--no-poses", action="store_true", help="skip finding the poses again (the slowest part)")
    command.add_argument(
        "--backbone",
        default="",
        metavar="FILE.npz",
        help="MobileNetV2 weights for the feature distance (default: those the run was trained with)",
    )
    command.add_argument(
        "--steady",
        action="store_true",
        help="also without the previous frame, to see how much it helps against flicker",
    )
    command.add_argument(
        "--long", action="store_true", help="also play 10,000 frames, to see whether the picture drifts"
    )
    _add_drivers(command)
    _add_comparison(commands)
    _add_transfer(commands)
    _add_export(commands)


def _add_export(commands: Any) -> None:
    command = commands.add_parser("export", help="make a finished puppet (target bundle) from a run")
    command.add_argument("run", type=_path, metavar="RUN", help="folder made by run")
    command.add_argument(
        "--out",
        type=_place,
        required=True,
        metavar="DIR",
        help="folder for the finished puppet; its name is the target's",
    )
    _add_best_flag(command)
    _add_bundle_flags(command)

    command = commands.add_parser("describe", help="print the networks' size and arithmetic")
    command.add_argument("--canvas", type=int, default=512, metavar="PX", help="side of the canvas (default 512)")


def _add_comparison(commands: Any) -> None:
    command = commands.add_parser(
        "ablate", help="train every variant of the network equally long on a data set and compare them in one table"
    )
    command.add_argument("dataset", type=_path, metavar="DATASET", help="folder made by prepare")
    command.add_argument(
        "--out",
        type=_path,
        required=True,
        metavar="DIR",
        help="folder for the runs and the table; an unfinished comparison in it is continued",
    )
    command.add_argument("--variants", nargs="+", metavar="NAME", help="only these; a wrong name lists them all")
    command.add_argument(
        "--frames",
        type=int,
        default=300,
        metavar="N",
        help="measure at most N frames of each take (default 300; 0: all)",
    )
    _add_drivers(command)
    _add_run_flags(command, end_note=" each")


def _add_transfer(commands: Any) -> None:
    command = commands.add_parser("transfer", help="make a finished puppet perform a whole video, keeping the sound")
    command.add_argument("source", type=_path, metavar="VIDEO", help="video of one person")
    command.add_argument("--target", required=True, metavar="NAME|DIR", help="the character, as in run_live.py")
    command.add_argument("--out", type=_path, required=True, metavar="FILE.mp4", help="the video to make")
    command.add_argument(
        "--framing",
        choices=("full", "half"),
        help="whole body or waist-up (default: depends on whether legs are in view)",
    )
    command.add_argument(
        "--background",
        default="plate",
        metavar="SPEC",
        help="plate (the character's own), green, #RRGGBB or a picture (default: %(default)s)",
    )
    command.add_argument(
        "--mark",
        action=argparse.BooleanOptionalAction,
        default=True,
        help='a small "AI" in the corner tells viewers that the picture is generated (default: mark)',
    )


def _add_drivers(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--drivers",
        type=_path,
        nargs="+",
        default=[],
        metavar="CLIP",
        help="videos or recorded poses (.npz) of real people, to see how the puppet follows them",
    )


def _add_film_flags(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("videos")
    group.add_argument(
        "video",
        type=_path,
        nargs="+",
        metavar="VIDEO",
        help="takes of the character: whole body, waist-up; or a folder (or .zip, .tar.gz) with images/ and keypoints/ "
        "(OpenPose JSON); or, to train A -> B without a puppet, one with train_A/ and train_B/",
    )
    group.add_argument("--name", type=_name, required=True, help="the character's short name, not a path")
    group.add_argument(
        "--matte", type=_path, nargs="+", metavar="VIDEO", help="a matte video for each, if you have them"
    )
    group.add_argument("--plate", type=_path, nargs="+", metavar="PICTURE", help="a picture of the empty set for each")
    group.add_argument(
        "--fps", type=float, metavar="N", help="pictures per second, for a folder of pictures (default 30)"
    )
    group.add_argument(
        "--work",
        type=_path,
        default=Path("training"),
        metavar="DIR",
        help="folder for data sets and runs (default training)",
    )


def _add_run_flags(command: argparse.ArgumentParser, *, end_note: str) -> None:
    group = command.add_argument_group("training")
    group.add_argument("--steps", type=int, metavar="N", help="train this many steps")
    group.add_argument("--minutes", type=float, metavar="M", help=f"or this many minutes{end_note}")
    group.add_argument(
        "--perceptual",
        metavar="NET",
        help="vgg19 (a download of 550 MB), vgg19:FILE.pth, mobilenet_v2:FILE.npz or none (default: softer pictures)",
    )
    group.add_argument("--gan", choices=("lsgan", "hinge"), help="the discriminators' loss (default lsgan)")
    group.add_argument(
        "--gan-start", type=int, metavar="STEP", help="step at which the discriminators join (default 1500)"
    )
    group.add_argument(
        "--lengthen-at",
        type=float,
        nargs="*",
        metavar="SHARE",
        help="shares of the run after which rollouts double, 2 to 4 to 8 frames (default 0.6 0.85)",
    )
    group.add_argument(
        "--weight",
        action="append",
        metavar="LOSS=X",
        help="how much a loss counts, such as adversarial=0.1 or ping_pong=0.5; may be given again",
    )
    group.add_argument("--preset", help="network: lite (default; for CPUs), full (for GPUs) or pix2pixhd (to compare)")
    group.add_argument("--begin-from", metavar="RUN", help="start from this run's networks: saves half the time")
    group.add_argument("--teacher", metavar="RUN", help="learn from this run's network too, such as a pix2pixhd one")
    group.add_argument("--batch", type=int, metavar="N", help="rollouts a step (default 4)")
    group.add_argument(
        "--crop", type=int, nargs=2, metavar=("W", "H"), help="training window in pixels (default 256 384)"
    )
    group.add_argument("--rate", dest="learning_rate", type=float, metavar="LR", help="learning rate (default 0.001)")
    group.add_argument("--seed", type=int, metavar="N", help="seed for everything random (default 0)")
    _add_machine_flags(command)


def _add_machine_flags(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("machine and reports")
    group.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: all cores)")
    group.add_argument("--device", metavar="DEVICE", help="cpu or cuda (default cpu)")
    precisions, told = ("auto", "bf16", "fp32"), "arithmetic to train in (default auto: bf16 if the device has it)"
    group.add_argument("--precision", choices=precisions, help=told)
    _add_loop_flags(group)


def _add_loop_flags(group: Any) -> None:
    group.add_argument("--devices", type=int, metavar="N", help="processes that share each batch: GPUs (default 1)")
    group.add_argument("--nodes", type=int, metavar="M", help="machines, each with as many devices (default 1)")
    group.add_argument("--sheet-every", type=int, metavar="STEPS", help="steps between reports (default 500)")
    group.add_argument(
        "--validate-every", type=int, metavar="STEPS", help="steps between checks on held-out frames (250)"
    )
    group.add_argument(
        "--no-tensorboard", dest="tensorboard", action="store_const", const=False, help="write no TensorBoard files"
    )


def _add_best_flag(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--best", action="store_true", help="use the checkpoint that did best on held-out frames, not the last"
    )


def _add_bundle_flags(command: argparse.ArgumentParser) -> None:
    group = command.add_argument_group("bundle")
    group.add_argument("--title", default="", help="the character's name as people read it")
    group.add_argument("--licence", default="", help="the terms under which the puppet may be used")
    group.add_argument(
        "--film-of",
        choices=tuple(CONSENTS),
        help="whose film it is: me; somebody who agreed to a puppet of themselves; or a drawn or game character. It is "
        "written into the puppet and shown in the control room (default: you are asked)",
    )


def _name(text: str) -> str:
    if problem := name_error(text):
        raise argparse.ArgumentTypeError(problem)
    return text


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise argparse.ArgumentTypeError("an empty path")
    return Path(text)


def _place(text: str) -> Path:
    """The path of a folder to be made, whose last part must be a valid name."""
    if problem := name_error(_path(text).name):
        raise argparse.ArgumentTypeError(problem)
    return Path(text)

"""`python -m calib`: measure yourself once, so that the character moves with your size and in your room."""

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from engines.system import process

_DESCRIPTION = """\
Measure yourself once, so that the character moves with your size and in your room. It works hands-free: you are told
what to do, and every step waits for you, counts down and ends by itself. It takes about half a minute. Your picture is
never kept; only a small file of lengths is saved."""

_EXAMPLES = """\
examples:
  python -m calib                              with the first camera, for the default character
  python -m calib --source camera:Logi --profile desk
                                               with another camera, saved as "desk"
  python -m calib --source dance.mp4           from a clip of you: just dancing will do
  python -m calib --list                       list what is saved
  python run_live.py --calibration desk        use "desk"

Exit code: 0 saved, 1 nothing was saved (an older profile stays as it was), 2 a flag was wrong."""


def parser() -> argparse.ArgumentParser:
    """The argument parser of `python -m calib`."""
    result = argparse.ArgumentParser(
        prog="python -m calib",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    measure = result.add_argument_group("measuring")
    measure.add_argument(
        "--source",
        default="camera",
        metavar="SOURCE",
        help="camera, camera:NAME, a video file, or recorded poses (.npz) (default: %(default)s)",
    )
    measure.add_argument(
        "--target", default="fortnite", metavar="NAME|DIR", help="the character to fit (default: %(default)s)"
    )
    measure.add_argument(
        "--framing",
        choices=("full", "half"),
        default="full",
        help="full: your whole body; half: seated, from the waist up (default: %(default)s)",
    )
    measure.add_argument("--profile", metavar="NAME", help="save as NAME (default: made from the camera's name)")
    kept = result.add_argument_group("what is saved")
    one = kept.add_mutually_exclusive_group()
    one.add_argument("--list", action="store_true", help="list the profiles and exit")
    one.add_argument("--rename", nargs=2, metavar=("OLD", "NEW"), help="rename a profile and exit")
    one.add_argument("--delete", metavar="NAME", help="delete a profile and exit")
    kept.add_argument(
        "--profiles",
        type=_folder,
        metavar="DIR",
        help="the folder of the profiles (default: this system's folder for settings)",
    )
    return result


def _folder(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("an empty path")
    return Path(text)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv`; returns the exit code."""
    from live.cli.exit_code import run_cli

    arguments = parser().parse_args(argv)
    return run_cli(lambda: _run(arguments))


def _run(arguments: argparse.Namespace) -> int:
    try:
        if arguments.list:
            return _list(arguments.profiles)
        if arguments.rename or arguments.delete:
            return _change(arguments)
        return _calibrate(arguments)
    except KeyboardInterrupt:
        print("\nStopped. Nothing was saved.", file=sys.stderr)
        return 1


def _calibrate(arguments: argparse.Namespace) -> int:
    from calib.headless import calibrate
    from calib.terminal import Screen
    from live.performer.profile import profile_path, read_profile
    from live.scene.target import open_target

    if arguments.profile is not None:
        profile_path(arguments.profile)  # complain about a bad name now, not after measuring
    target, screen = open_target(arguments.target, arguments.framing), Screen()
    name = calibrate(arguments.source, target, name=arguments.profile, folder=arguments.profiles, screen=screen)
    path = profile_path(name, arguments.profiles)
    profile = read_profile(path)
    if profile.after_px is not None:
        before = "" if profile.before_px is None else f" (uncalibrated: {profile.before_px:.1f} px)"
        screen.say(f"Your figure lands {profile.after_px:.1f} px from {target.bundle.title}'s{before}.")
    screen.say(f"Saved: {path}")
    screen.say(f"Use it: python run_live.py --calibration {shlex.quote(name)}")
    return 0


def _list(folder: Path | None) -> int:
    from live.performer.profile import find_profiles, profiles_folder

    good, refused = find_profiles(folder)
    for profile in good:
        how = "a clip" if profile.mode == "clip" else "the wizard"
        body = "whole body" if profile.stats.has_legs else "waist up"
        seated = ", seated too" if profile.seated is not None else ""
        score = "" if profile.after_px is None else f", lands within {profile.after_px:.1f} px"
        print(f"{profile.name:<28} {profile.camera or '-':<28} {body}{seated}, by {how}{score}")
    for error in refused:
        print(f"not usable: {error}", file=sys.stderr)
    if not good and not refused:
        print(f"no profiles yet in {folder or profiles_folder()}", file=sys.stderr)
    return 0


def _change(arguments: argparse.Namespace) -> int:
    from calib.profiles import delete_profile, rename_profile

    if arguments.delete:
        delete_profile(arguments.delete, arguments.profiles)
        print(f"deleted: {arguments.delete}")
    else:
        old, new = arguments.rename
        rename_profile(old, new, arguments.profiles)
        print(f"renamed: {old} -> {new}")
    return 0


def entry() -> NoReturn:
    """Run the process: `main` with its command line."""
    process.run(main)


if __name__ == "__main__":
    entry()

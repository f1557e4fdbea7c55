"""The flags of `run_live.py`. Nothing heavy is imported here, so `--help` is quick."""

import argparse
import os
from pathlib import Path

from engines.system.argument_types import whole_number
from live.config import LiveConfig
from live.specs import ENGINES, ESTIMATORS, is_browser, is_camera, sink_error

_DESCRIPTION = """\
Be a puppet: you move in front of your webcam, and a character moves as you do, in OBS, Zoom, a browser or a video file.
Without flags it looks for a webcam and a virtual camera, and opens the control room, a page in your browser where you
steer the puppet. Without a webcam it plays a bundled clip once; with neither a virtual camera nor a screen for the page
it writes puppet.mp4."""

_EXAMPLES = """\
examples:
  run_live.py                                        webcam -> virtual camera ("Puppet" in OBS or Zoom)
  run_live.py --framing half --background green      seated, on green, to key out in OBS
  run_live.py --source dance.mp4 --sink dance_puppet.mp4 --no-realtime
                                                     turn every frame of a video into a puppet video
  run_live.py --sink virtual-camera --sink window    stream, and watch it in a window
  run_live.py --calibrate                            get measured first; the page tells you where to stand
  run_live.py --sink browser --host 0.0.0.0          the control room on your phone too (same network)

Your own picture is never shown: when you leave or the camera fails, the puppet idles.
Keys in the terminal during a run: space freeze, h hide me, c calibrate, m mirror, q quit.
Ctrl-C ends it too. Exit code: 0 all went well, 1 something failed, 2 a flag was wrong."""


def parser() -> argparse.ArgumentParser:
    """The argument parser of run_live.py."""
    result = argparse.ArgumentParser(
        prog="run_live.py",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    shown = result.add_argument_group("who is shown")
    _add_picture(shown)
    _add_calibration(shown)
    _add_ends(result.add_argument_group("input and output"))
    _add_speed(result.add_argument_group("speed"))
    _add_run(result.add_argument_group("this run"))
    return result


def _add_picture(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--target",
        metavar="NAME|DIR",
        help="the character: a name from --list-targets, or a character's folder (default: the last one used; "
        "without a page and without --source or --sink you choose from a list)",
    )
    group.add_argument(
        "--framing",
        choices=("full", "half", "auto"),
        default="full",
        help="full: your whole body is in view; half: you sit, seen from the waist up; auto: chosen by what is in view "
        "(default: %(default)s)",
    )
    group.add_argument(
        "--background",
        default="plate",
        type=_background,
        metavar="plate|green|#RRGGBB|FILE",
        help="behind the character: its own scene, green for keying, a colour, or a picture (default: %(default)s)",
    )
    group.add_argument(
        "--mirror",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="move as in a mirror: your left hand is on the left of the picture (default: no)",
    )
    group.add_argument(
        "--mark",
        action=argparse.BooleanOptionalAction,
        default=True,
        help='a small "AI" in the corner tells viewers that the picture is generated; without it you must tell them '
        "(default: mark)",
    )


def _add_calibration(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--calibration",
        default="auto",
        metavar="NAME|FILE|auto|none",
        help="the profile with your measurements; auto: the newest one made with this camera, if any; none: you are "
        "measured as you start to move (default: %(default)s)",
    )
    group.add_argument(
        "--calibrate", action="store_true", help="get measured first; the page or the terminal tells you what to do"
    )


def _add_ends(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--source",
        type=_source,
        metavar="SOURCE",
        help="camera, camera:NAME (part of the name is enough), camera:INDEX, a video file, a folder of pictures, "
        "recorded poses (.npz), or demo (default: the first camera, or demo if there is none)",
    )
    group.add_argument(
        "--sink",
        action="append",
        type=_sink,
        metavar="SINK",
        help="virtual-camera, virtual-camera:DEVICE, browser, browser:PORT, FILE.mp4, window or null; may be given "
        "several times. browser is the control room, a page that also feeds OBS (default: virtual-camera if there is "
        "one, and browser if there is a screen; with neither, puppet.mp4, or puppet-2.mp4 if that exists)",
    )
    group.add_argument(
        "--host",
        default="127.0.0.1",
        metavar="ADDRESS",
        help="the address the control room listens on; 0.0.0.0: open to every device in your network that has the link "
        "(default: %(default)s, this machine only)",
    )
    group.add_argument(
        "--open",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="open the control room in your browser (default: if there is a screen)",
    )
    group.add_argument(
        "--realtime",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="play a file at its own pace, dropping frames as a camera would; --no-realtime: take as long as every "
        "frame needs and drop none (default: realtime)",
    )
    group.add_argument("--loop", action="store_true", help="play a file over and over, until --duration or Ctrl-C")


def _add_speed(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--engine",
        choices=("auto", *ENGINES),
        metavar="ENGINE",
        default="auto",
        help=f"what runs the network: {', '.join(ENGINES)}, or auto: the fastest that passed its test (default: auto)",
    )
    group.add_argument(
        "--precision",
        choices=("auto", "fp32", "fp16", "bf16", "int8"),
        default="auto",
        help="the engine's number format; auto: what is fast on this machine (default: %(default)s)",
    )
    group.add_argument(
        "--threads",
        type=whole_number,
        default=max(1, _cores() // 2),
        metavar="N",
        help="CPU threads for the engine; finding your pose needs the other cores (default here: %(default)s)",
    )
    group.add_argument("--estimator", choices=ESTIMATORS, default="auto", help="what finds your pose (default: auto)")
    group.add_argument(
        "--face",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="let the character's face network sharpen its face; --no-face saves that time (default: on if the "
        "character has one)",
    )
    group.add_argument(
        "--predict",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="draw fast movements a little ahead, to where you will be when the picture is seen, and pictures between "
        "two frames (default: predict)",
    )
    group.add_argument(
        "--upgrade",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="prepare faster engines in the background, once, and switch to them (default: upgrade)",
    )


def _add_run(group: "argparse._ArgumentGroup") -> None:
    group.add_argument(
        "--fps",
        type=_fps,
        metavar="N",
        help="output frames per second; between a slower camera's frames pictures are drawn where there is time "
        "(default: the character's own, 30; with --no-realtime the clip's)",
    )
    group.add_argument("--duration", type=_positive, metavar="S", help="stop after S seconds (default: at the end)")
    group.add_argument("--frames", type=whole_number, metavar="N", help="stop after N frames of the source")
    group.add_argument("--report", type=_path, metavar="FILE.json", help="write all measurements of the run to a file")
    group.add_argument("--quiet", action="store_true", help="print only problems, and the file that was written")
    group.add_argument("--log", type=_path, metavar="FILE", help="append all messages, with times, to a file")
    group.add_argument("--list-targets", action="store_true", help="list the installed characters, then exit")
    group.add_argument("--list-cameras", action="store_true", help="list this machine's cameras, then exit")
    group.add_argument(
        "--doctor",
        action="store_true",
        help="check this machine's cameras, libraries, engines, disk and more, say what to do, then exit (see also "
        "python -m live.doctor --help)",
    )
    group.add_argument("--dry-run", action="store_true", help="print the complete configuration as JSON, then exit")


def check(arguments: argparse.Namespace) -> str | None:
    """What is wrong with the combination of flags, worded for a usage message; None if nothing."""
    if not arguments.realtime and arguments.source and is_camera(arguments.source):
        return "--no-realtime needs a file, as a camera cannot wait (leave it out, or give another --source)"
    if arguments.calibrate and not arguments.realtime:
        return "--calibrate needs real time (leave out --no-realtime, or use python -m calib --source FILE)"
    if arguments.loop and arguments.source and is_camera(arguments.source):
        return "--loop needs a file, as a camera has no end"
    if arguments.loop and not arguments.realtime and arguments.duration is None and arguments.frames is None:
        return "--loop with --no-realtime would never end: give --duration or --frames too"
    from live.cli.collisions import find_collision  # reads the targets' folders, which --help does not need

    return find_collision(arguments)


def to_config(
    arguments: argparse.Namespace, *, target: str, source: str, sinks: tuple[str, ...], open_browser: bool = False
) -> LiveConfig:
    """The run's configuration, with `target`, `source`, `sinks` and `open_browser` as resolved."""
    return LiveConfig(
        target=target,
        source=source,
        sinks=sinks,
        framing=arguments.framing,
        background=arguments.background,
        engine=arguments.engine,
        precision=arguments.precision,
        threads=arguments.threads,
        estimator=arguments.estimator,
        face=arguments.face,
        predict=arguments.predict,
        upgrade=arguments.upgrade,
        mark=arguments.mark,
        fps=arguments.fps,
        mirror=arguments.mirror,
        calibration=arguments.calibration,
        calibrate=arguments.calibrate,
        host=arguments.host,
        browser_asked=any(is_browser(spec) for spec in arguments.sink or ()),
        open_browser=open_browser,
        duration_s=arguments.duration,
        frames=arguments.frames,
        realtime=arguments.realtime,
        loop=arguments.loop,
        report=arguments.report,
    )


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _sink(text: str) -> str:
    if problem := sink_error(text):
        raise argparse.ArgumentTypeError(problem)
    return text


def _source(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("an empty source")
    return text


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("an empty path")
    return Path(text)


def _background(text: str) -> str:
    if text.startswith("#") and not (len(text) == 7 and all(c in "0123456789abcdefABCDEF" for c in text[1:])):
        raise argparse.ArgumentTypeError(f"not a colour: {text!r}; wanted: #RRGGBB, such as #ff8800")
    return text


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted a number above 0")
    return value


def _fps(text: str) -> float:
    value = _positive(text)
    if not 1 <= value <= 240:
        raise argparse.ArgumentTypeError(f"got {text!r}, wanted 1 to 240")
    return value

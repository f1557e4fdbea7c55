"""Checks, before anything is opened, whether a run would overwrite what it reads or another of its outputs."""

import argparse
from pathlib import Path

from engines.bundle import SHIPPED, user_targets
from engines.system.same_file import Named, collision, same_file
from live.specs import is_camera, sink_file


def find_collision(arguments: argparse.Namespace) -> str | None:
    """What is wrong with the files of a parsed command line, worded for a usage message; None if nothing."""
    writes = [("--sink", Path(file)) for spec in arguments.sink or () if (file := sink_file(spec)) is not None]
    writes += [("--report", arguments.report)] if arguments.report is not None else []
    writes += [("--log", arguments.log)] if arguments.log is not None else []
    if not writes:
        return None
    closed = [("the installed characters", SHIPPED), ("your own characters", user_targets())]
    if arguments.target and Path(arguments.target).is_dir():
        closed.append(("--target", Path(arguments.target)))
    return collision(_reads(arguments, writes), writes, closed=closed)


def _reads(arguments: argparse.Namespace, writes: list[Named]) -> list[Named]:
    reads = [("--background", Path(arguments.background)), ("--calibration", Path(arguments.calibration))]
    if not arguments.source or is_camera(arguments.source):
        return reads
    source = Path(arguments.source)
    if not source.is_dir():
        return [*reads, ("--source", source)]
    from live.sources.picture_files import SUFFIXES  # brings OpenCV along

    shown = [path for _, path in writes if path.suffix.lower() in SUFFIXES and same_file(path.parent, source)]
    return [*reads, *(("--source", path) for path in shown)]

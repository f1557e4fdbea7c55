"""Checks, before anything is done, that a command of `python -m train` does not write over what it reads."""

import argparse
from pathlib import Path

from engines.bundle import find_target, user_targets
from engines.errors import EngineError
from engines.system.same_file import Named, collision


def find_collision(chosen: argparse.Namespace) -> str | None:
    """What is wrong with the paths of a parsed command line, as a usage message, or None."""
    look = {
        "all": _film,
        "prepare": _film,
        "run": _run,
        "ablate": _run,
        "export": _export,
        "transfer": _transfer,
        "bench": _bench,
    }.get(chosen.command)
    return None if look is None else look(chosen)


def _film(chosen: argparse.Namespace) -> str | None:
    reads = [("the video", path) for path in chosen.video]
    reads += [(flag, path) for flag in ("matte", "plate") for path in getattr(chosen, flag) or ()]
    writes = [("the data set", chosen.work / chosen.name)]
    if chosen.command == "all":
        writes += [("the run", chosen.work / f"{chosen.name}.run")]
        writes += [("the puppet", chosen.out or user_targets() / chosen.name)]
    return collision(reads, writes)


def _run(chosen: argparse.Namespace) -> str | None:
    return collision([], [("--out", chosen.out)], closed=[("the data set", chosen.dataset)])


def _export(chosen: argparse.Namespace) -> str | None:
    return collision([("the run", chosen.run)], [("--out", chosen.out)])


def _transfer(chosen: argparse.Namespace) -> str | None:
    reads = [("the video", chosen.source), ("--background", Path(chosen.background))]
    return collision(reads, [("--out", chosen.out)], closed=_target(chosen.target))


def _bench(chosen: argparse.Namespace) -> str | None:
    return None if chosen.chart is None else collision([], [("--chart", chosen.chart)], closed=_target(chosen.target))


def _target(name: str) -> list[Named]:
    """The target's folder; empty when there is no such target, which is reported later."""
    try:
        return [("--target", find_target(name))]
    except EngineError:
        return []

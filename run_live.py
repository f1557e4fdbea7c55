"""`python run_live.py`: the live puppet. Flags -> LiveConfig -> parts -> loop -> report."""

import argparse
import contextlib
import json
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NoReturn

from engines.errors import UserError
from engines.system import process

if TYPE_CHECKING:
    from live.telemetry.status import Status

_STARTED_S = time.perf_counter()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv`. Returns the exit code: 0 ok, 1 failure. A usage mistake exits with 2 directly."""
    from live.cli.arguments import check, parser
    from live.cli.exit_code import run_cli

    flags = parser()
    arguments = flags.parse_args(argv)

    def run() -> int:
        if not arguments.doctor and (problem := check(arguments)):  # the doctor must run before anything is installed
            flags.error(problem)
        return _run(arguments)

    return run_cli(run)


def _run(arguments: argparse.Namespace) -> int:
    if arguments.doctor:
        from live.doctor.__main__ import main as examine

        return examine([])
    if arguments.list_targets:
        return _list_targets()
    if arguments.list_cameras:
        return _list_cameras()
    return _perform(arguments)


def _perform(arguments: argparse.Namespace) -> int:
    from live.telemetry.log import RunLog
    from live.telemetry.status import Status

    with contextlib.ExitStack() as closing:
        log = None if arguments.log is None else closing.enter_context(contextlib.closing(RunLog(arguments.log)))
        status = Status(quiet=arguments.quiet, log=log)
        try:
            code = _show(arguments, status)
        except UserError as error:  # the caller reports it, after the log is closed
            status.note(f"error: {error}")
            raise
        status.note(f"ended with exit code {code}")
        return code


def _show(arguments: argparse.Namespace, status: "Status") -> int:
    from live.cli.arguments import to_config
    from live.cli.defaults import has_desktop, resolve

    open_browser = has_desktop() if arguments.open is None else arguments.open
    page = arguments.realtime and (has_desktop() or bool(arguments.open))
    target = _target(arguments, status.say, page=page)
    if target is None:
        return 0
    source, sinks = resolve(arguments.source, arguments.sink, status.say, page=page)
    config = to_config(arguments, target=target, source=source, sinks=sinks, open_browser=open_browser)
    if arguments.dry_run:
        from live.cli.defaults import describe

        print(json.dumps(describe(config), indent=1))
        return 0
    from calib.raised_hands import RaisedHands
    from calib.wizard import open_wizard
    from live.clock import SystemClock
    from live.session.session import perform
    from live.telemetry.report import Report

    clock, stop, report = SystemClock(), threading.Event(), Report(_STARTED_S)
    return perform(
        config,
        clock,
        stop,
        report,
        status,
        heed=lambda: process.handle(lambda *_: stop.set()),
        open_wizard=open_wizard,
        gesture=RaisedHands().step,
    )


def _target(arguments: argparse.Namespace, say: Callable[[str], None], *, page: bool) -> str | None:
    """The run's target; None if none was named and the list was only printed. `page`: whether the run has a control
    room if no sinks are named.
    """
    from live.cli.first_run import choose_target
    from live.specs import is_browser

    if arguments.target is not None:
        return str(arguments.target)
    return choose_target(
        page=any(is_browser(sink) for sink in arguments.sink) if arguments.sink else page,
        busy=bool(arguments.source or arguments.sink or arguments.dry_run),
        stdin=sys.stdin,
        out=sys.stdout,
        say=say,
    )


def _list_targets() -> int:
    from engines.bundle import find_targets

    for name, folder in find_targets().items():
        print(f"{name:<20} {folder}")
    return 0


def _list_cameras() -> int:
    from live.sources.camera_list import list_cameras

    cameras = list_cameras()
    for camera in cameras:
        print(f"{camera.index:<4} {camera.name}{'  (virtual camera, cannot film you)' if camera.virtual else ''}")
    if not cameras:
        print("no camera found", file=sys.stderr)
    return 0


def entry() -> NoReturn:
    """Entry point of the process: run `main` on its command line."""
    process.run(main)


if __name__ == "__main__":
    entry()

"""`python run_live.py`: the live puppet. Flags -> LiveConfig -> parts -> loop -> report."""

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Sequence

_STARTED_S = time.perf_counter()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv`. Gives the exit code: 0 ok, 1 failure; usage mistakes exit with 2 by themselves."""
    from live.arguments import check, parser

    flags = parser()
    arguments = flags.parse_args(argv)
    if problem := check(arguments):
        flags.error(problem)
    try:
        return _run(arguments)
    except ImportError as error:
        from live.libraries import explain

        print(f"error: {explain(error)}", file=sys.stderr)
        return 1


def _run(arguments: argparse.Namespace) -> int:
    from engines.errors import EngineError
    from live.puppet.errors import PuppetError

    try:
        if arguments.list_targets:
            return _list_targets()
        if arguments.list_cameras:
            return _list_cameras()
        return _perform(arguments)
    except (PuppetError, EngineError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _perform(arguments: argparse.Namespace) -> int:
    from live.arguments import to_config
    from live.clock import SystemClock
    from live.report import Report
    from live.resolve import resolve
    from live.status import Status

    clock, stop = SystemClock(), threading.Event()
    report = Report(_STARTED_S)
    status = Status(report, clock)
    source, sinks = resolve(arguments.source, arguments.sink, status.say)
    config = to_config(arguments, source=source, sinks=sinks)
    if arguments.dry_run:
        from live.resolve import described

        print(json.dumps(described(config), indent=1))
        return 0
    from live.perform import perform

    _stop_on_signals(stop)
    return perform(config, clock, stop, report, status)


def _stop_on_signals(stop: threading.Event) -> None:
    """The first Ctrl-C (or SIGTERM) ends the run cleanly, a second one at once."""

    def handle(number: int, _frame: object) -> None:
        stop.set()
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


def _list_targets() -> int:
    from engines.bundle import find_targets

    for name, folder in find_targets().items():
        print(f"{name:<20} {folder}")
    return 0


def _list_cameras() -> int:
    from live.sources.camera_list import list_cameras

    cameras = list_cameras()
    for camera in cameras:
        print(f"{camera.index:<4} {camera.name}{'  (virtual, not a camera to film with)' if camera.virtual else ''}")
    if not cameras:
        print("no camera found", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""One run from start to exit code: opens the parts, runs the loop, prints and writes what was measured."""

import threading

from live.clock import Clock
from live.config import LiveConfig
from live.loop import Loop, Parts
from live.puppet.errors import PuppetError
from live.report import Report, write_report
from live.start import open_parts
from live.status import Status

_PATIENCE_S = 4.0  # a usual start takes less


def perform(config: LiveConfig, clock: Clock, stop: threading.Event, report: Report, status: Status) -> int:
    """The exit code. Raises PuppetError or EngineError, after the report was printed if the loop had begun."""
    report.config = config.to_json()
    if config.report is not None and not config.report.resolve().parent.is_dir():
        raise PuppetError(f"cannot write the report {config.report}: its folder does not exist", do="make it first")
    status.say("opening the camera or clip, the pose models and the engine ...")
    patience = threading.Timer(
        _PATIENCE_S, status.say, ["the first start compiles the drawing code: half a minute at most"]
    )
    patience.start()
    try:
        parts = open_parts(config, clock, stop, report, status.say)
    finally:
        patience.cancel()
    report.config |= {"fps": parts.fps, "face": parts.generator.paints_faces}
    status.start()
    loop = Loop(parts, config, clock, stop, report, status.say)
    try:
        loop.run()
    finally:
        status.stop()
        parts.source.close()
        parts.poses.close()
        parts.generator.close()
        print(report.table())
        if config.report is not None:
            write_report(config.report, report)
    return _exit_code(parts, status, whole=not loop.interrupted)


def _exit_code(parts: Parts, status: Status, *, whole: bool) -> int:
    if parts.sinks.failed:
        return 1
    if whole and not parts.poses.ever_seen and not parts.source.live:
        status.say(f"error: nobody was seen in {parts.source.name}: the puppet only idled; do this: use another clip")
        return 1
    return 0

"""One run from start to exit code: opens the parts, runs the loop, prints and writes the measurements."""

import contextlib
import gc
import threading
from collections.abc import Callable

from engines.messages import Info
from live.cli.first_run import remember_target
from live.clock import Clock
from live.config import LiveConfig
from live.control.hotkeys import terminal_keys
from live.control.wizard_port import Gesture, WizardFactory
from live.puppet.errors import PuppetError
from live.room.open_room import open_control_room
from live.session.assembly import open_parts
from live.session.loop import Loop, Parts
from live.telemetry.report import Report, write_report
from live.telemetry.status import Status

_PATIENCE_S = 4.0  # a normal start takes less


def perform(
    config: LiveConfig,
    clock: Clock,
    stop: threading.Event,
    report: Report,
    status: Status,
    *,
    heed: Callable[[], None] = lambda: None,
    open_wizard: WizardFactory | None = None,
    gesture: Gesture | None = None,
) -> int:
    """Returns the exit code. Raises PuppetError or EngineError, after printing the report if the loop had started.

    `heed` is called once everything slow is loaded and the outputs are about to be opened; from then on `stop` is
    heeded and ends the run properly.
    """
    report.config = config.to_json()
    if config.report is not None and not config.report.resolve().parent.is_dir():
        raise PuppetError(f"cannot write the report {config.report}: its folder does not exist", do="make it first")
    status.say(Info("opening the camera or clip, the pose models and the engine ..."))
    patience = threading.Timer(
        _PATIENCE_S, status.say, [Info("the first start compiles the drawing code: half a minute at most")]
    )
    patience.start()
    try:
        parts = open_parts(config, clock, stop, report, status.say, heed=heed, open_wizard=open_wizard, gesture=gesture)
    finally:
        patience.cancel()
    return _run(parts, Loop(parts, config, clock, stop, report, status.say), config, report, status)


def _run(parts: Parts, loop: Loop, config: LiveConfig, report: Report, status: Status) -> int:
    report.config |= {"fps": parts.fps, "face": parts.scenes.current.generator.paints_faces}
    with contextlib.ExitStack() as closing:
        closing.callback(parts.sinks.close, complete=False)  # the loop closes them; not if it never ran
        closing.callback(lambda: parts.close(loop.left_behind))
        room = open_control_room(config, parts.director, parts.sinks, status.say)
        if room is not None:
            closing.callback(room.close)
        bundle = parts.scenes.current.target.bundle
        framing = parts.scenes.current.settings.framing
        status.say(Info(f"{parts.source.name} -> {bundle.title} ({framing}) -> {', '.join(parts.sinks.names)}"))
        parts.director.start()
        if parts.upgrade is not None:
            parts.upgrade.start()
        parts.director.heeds_gesture = config.calibrate or room is not None
        if config.calibrate:
            parts.director.calibrate(True)
        status.start(parts.director.state)
        closing.enter_context(terminal_keys(parts.director, status.say))
        # Python's garbage collector takes 0.2 s to look through all that was opened, and stops every thread meanwhile.
        # From here on it looks only at new objects.
        gc.freeze()
        closing.callback(gc.unfreeze)
        try:
            loop.run()
        finally:
            status.stop()
            status.tell(report.table())
            for path in parts.sinks.written:
                status.say(f"wrote {path}")
            if config.report is not None:
                write_report(config.report, report)
    remember_target(parts.scenes.current.settings.target)
    return _exit_code(parts, status, whole=not loop.interrupted)


def _exit_code(parts: Parts, status: Status, *, whole: bool) -> int:
    if parts.sinks.failed:
        return 1
    if whole and not parts.poses.ever_seen and not parts.source.live:
        status.say(f"error: nobody was seen in {parts.source.name}: the puppet only idled; do this: use another clip")
        return 1
    return 0

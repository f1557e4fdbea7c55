"""`Director`: steers the running loop, on orders from the page, the terminal's keys and the wizard."""

import threading
from dataclasses import dataclass
from pathlib import Path

from engines.bundle import find_target
from engines.consent import consent_text
from engines.errors import EngineError
from engines.messages import Say
from live.clock import Clock
from live.control.catalog import Catalog
from live.control.recorder import Recorder
from live.control.viewfinder import Viewfinder
from live.control.wizard_port import Gesture, WizardFactory
from live.control.wizard_session import WizardSession
from live.performer.auto_framing import AutoFraming
from live.performer.calibration_advice import CalibrationAdvisor
from live.performer.mirror import mirror_pose
from live.puppet.values import Frame, Pose
from live.scene.background import is_background
from live.scene.scene import Scene, Scenes
from live.scene.scene_factory import SceneFactory
from live.scene.settings import CHANGEABLE, SettingsError, checked
from live.scene.switcher import Switcher
from live.scene.target import Target
from live.sinks.several import Sinks
from live.telemetry.loop_state import LoopState, Percentiles
from live.telemetry.report import Report

BUDGET_MS = 120.0  # how late a picture may be, capture to send, p95 (docs/measurements.md)


@dataclass(frozen=True, slots=True)
class DirectorContext:
    """What a director steers. `source`: its name, shown to people and used to find its calibration."""

    scenes: Scenes
    sinks: Sinks
    opener: SceneFactory
    source: str
    clock: Clock
    stop: threading.Event
    report: Report


class Director:
    """May be called from any thread. Orders return at once and take effect between two frames; none is lost.

    `given`: the settings the run started with. `framing`: as asked for, may be "auto". `open_wizard`, `gesture`: the
    wizard, and what starts it while `heeds_gesture`. Close the director before the parts of its context.
    """

    def __init__(
        self,
        context: DirectorContext,
        say: Say,
        *,
        framing: str,
        open_wizard: WizardFactory | None = None,
        gesture: Gesture | None = None,
    ) -> None:
        self._context, self._say = context, say
        self._auto = AutoFraming() if framing == "auto" else None
        self._switcher = Switcher(context.scenes, context.opener, self._switched)
        self._recorder = Recorder(context.sinks)
        self._wizard = WizardSession(open_wizard, say, camera=context.source)
        self._gesture = gesture
        self._catalog = Catalog()
        self._showing_me = False
        self.given = context.scenes.current.settings
        target = context.scenes.current.target
        self._advisor: tuple[Target, CalibrationAdvisor] | None = (target, CalibrationAdvisor(target.stats))
        self.heeds_gesture = False
        self.viewfinder = Viewfinder()

    def start(self) -> None:
        """Start carrying out changes."""
        self._switcher.start()

    def close(self) -> None:
        """Carry out no more changes, and wait for one in progress."""
        self._wizard.cancel()
        self._switcher.close()
        self._catalog.close()

    def change(self, name: str, value: object) -> None:
        """Set `name`, one of CHANGEABLE; the newest value wins. Raises PuppetError if that is impossible."""
        value = checked(name, value)
        if name == "framing":
            self._auto = AutoFraming() if value == "auto" else None
            if value == "auto":
                self._told("framing", value)
                return
        self._switcher.wish(**self._with_it(name, value))

    def reopen(self) -> None:
        """Reopen everything shown, because something in it failed. Returns at once."""
        self._told("reopened", self._switcher.wanted.target)
        self._switcher.renew()

    def resized(self, size: tuple[int, int]) -> None:
        """The camera's pictures are now (width, height), so a calibration has to be scaled to that."""
        self._context.opener.picture_size = size
        if self._context.scenes.current.settings.performer is not None:
            self.reopen()

    def settled(self, timeout_s: float) -> bool:
        """Wait until every change was carried out or given up; False if that takes longer than `timeout_s`."""
        return self._switcher.settled(timeout_s)

    def freeze(self, on: bool) -> None:
        """Keep showing the next picture until switched off."""
        self._context.sinks.freeze(on)
        self._told("freeze", on)

    def hide(self, on: bool) -> None:
        """Send the card instead of every picture: once this returns, no picture leaves until switched off."""
        self._context.sinks.hide(on)
        if on:
            self.show_me(False)  # it stays off when the show goes on
        self._told("hide", on)

    def record(self, path: Path | None = None) -> Path | None:
        """Record the output to `path` (.mp4); None: a new file in the current folder. Returns the path.

        A recording already running goes on. Raises PuppetError.
        """
        path = self._recorder.start(path)
        self._told("record", str(path))
        return path

    def stop_recording(self) -> Path | None:
        """End the recording; the returned file is complete."""
        path = self._recorder.stop()
        if path is not None:
            self._told("record", None)
        return path

    def calibrate(self, on: bool) -> None:
        """Start or restart the wizard, or cancel it. Raises CalibrationError if there is none."""
        if on:
            self._wizard.start(self._context.scenes.current.target)
        else:
            self._wizard.cancel()
            self.viewfinder.wizard = None
        self._told("calibrate", on)

    def show_me(self, on: bool) -> None:
        """Give the viewfinder the camera's picture, or take it away. It has none while hidden, nor afterwards until
        asked again.
        """
        self._showing_me = on and not self._context.sinks.hidden
        if not self._showing_me:
            self.viewfinder.frame = None

    def stop(self) -> None:
        """End the run."""
        self._context.stop.set()

    def saw(self, pose: Pose, frame: Frame) -> None:
        """Take in what the loop saw; its estimating thread calls this with every frame."""
        finder = self.viewfinder
        finder.pose = pose
        finder.frame = frame if self._showing_me and not self._context.sinks.hidden else None
        auto = self._auto
        if auto is not None and (framing := auto.step(pose)) is not None:
            takes = self._context.scenes.current.target.bundle.takes
            if framing in takes and framing != self._switcher.wanted.framing:
                self._switcher.wish(framing=framing)
        if self._gesture is not None and self._gesture(pose) and self.heeds_gesture:
            self.calibrate(True)
        self._advise(pose)
        measured = self._wizard.step(pose, frame)
        finder.wizard = self._wizard.view
        if measured is not None:
            self._switcher.wish(performer=measured)

    def state(self) -> LoopState:
        """Everything to show on the page."""
        self._catalog.look()
        scene, sinks, report = self._context.scenes.current, self._context.sinks, self._context.report
        settings, bundle, engine = scene.settings, scene.target.bundle, scene.generator.engine
        recording, now = self._recorder.path, self._context.clock.now()
        p50, p95 = report.recent_latency_s(now) or (None, None)
        return LoopState(
            target=settings.target,
            title=bundle.title,
            canvas=bundle.canvas,
            consent=consent_text(bundle.consent),
            framing=settings.framing,
            framing_asked=self._switcher.wanted.framing if self._auto is None else "auto",
            background=settings.background,
            picture=None if is_background(self.given.background) else self.given.background,
            mirror=settings.mirror,
            engine=settings.engine,
            precision=settings.precision,
            engine_text="the bare paper doll" if engine is None else engine.describe(),
            smoothing=settings.smoothing,
            face=scene.generator.paints_faces,
            has_face=scene.target.face is not None,
            profile=None if settings.performer is None else settings.performer.name,
            pending=self._switcher.pending,
            problem=self._switcher.problem or self._wizard.problem or self._recorder.problem,
            frozen=sinks.frozen,
            hidden=sinks.hidden,
            recording=None if recording is None else str(recording),
            calibrating=self._wizard.running,
            show_me=self._showing_me,
            person=report.person,
            fps=round(report.generated.recent_per_s(now), 1),
            latency_ms=Percentiles(_ms(p50), _ms(p95)),
            stage_ms=report.recent_stages_ms(now),
            budget_ms=BUDGET_MS,
            drops=sum(report.dropped_by_slot.values()),
            source=self._context.source,
            sinks=sinks.names,
            targets=self._catalog.targets,
            engines=self._catalog.engines,
        )

    def _advise(self, pose: Pose) -> None:
        """Tell a performer without a calibration, once, what it would improve."""
        scene = self._context.scenes.current
        if self._advisor is None or scene.settings.performer is not None:
            return
        target, advisor = self._advisor
        if target is not scene.target:  # other measures to compare with
            self._advisor = target, advisor = scene.target, CalibrationAdvisor(scene.target.stats)
        shown = mirror_pose(pose) if scene.settings.mirror else pose
        if (advice := advisor.step(shown, scene.conditioner.performer)) is not None:
            self._advisor = None
            self._say(advice)

    def _with_it(self, name: str, value: object) -> dict[str, object]:
        """The change, and what has to change with it. Raises SettingsError if it is known to be impossible."""
        wanted = self._switcher.wanted
        changes = {name: value}
        if name == "target":
            _check_target(str(value))
        if name in ("target", "framing"):
            target = str(changes.get("target", wanted.target))
            framing, filmed = str(changes.get("framing", wanted.framing)), self._catalog.framings(target)
            if filmed and framing not in filmed:
                if self._auto is None:
                    raise SettingsError(
                        f"{target} was not filmed in this framing",
                        got=framing,
                        wanted=", ".join(filmed),
                        do=f"change the framing to {filmed[0]} first",
                    )
                changes["framing"] = filmed[0]
        elif name == "engine" and not self._catalog.has(str(value), wanted.precision):
            changes["precision"] = "auto"
        return changes

    def _switched(self, before: Scene, after: Scene) -> None:
        for name in (*CHANGEABLE, "performer"):
            value = getattr(after.settings, name)
            if value != getattr(before.settings, name):
                self._told(name, value.name if name == "performer" and value is not None else value)

    def _told(self, name: str, value: object) -> None:
        self._context.report.changed(name, value, self._context.clock.now())


def _check_target(name_or_folder: str) -> None:
    """Raises SettingsError for a target that does not exist."""
    try:
        find_target(name_or_folder)
    except EngineError as error:
        raise SettingsError(error.what, got=error.got, wanted=error.wanted, do=error.do) from error


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)

"""`Loop`: source -> estimate and condition -> generate -> pump -> sinks. Only this file knows the order."""

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engines.messages import Say
from live.clock import Clock
from live.config import LiveConfig
from live.control.director import Director
from live.faults.fault_policy import FaultPolicy, describe, traceback_of
from live.faults.watchdog import HungError, Watchdog
from live.puppet.errors import CameraError
from live.puppet.values import Frame, PuppetFrame
from live.scene.engine_upgrade import EngineUpgrade
from live.scene.scene import RenderJob, Scenes
from live.session.inbetweens import Inbetweens
from live.session.pose_stage import PoseStage
from live.session.pump import Pump
from live.session.standstill import Standstill
from live.sinks.several import Sinks
from live.slot import LatestSlot
from live.sources.base import Source
from live.telemetry.report import Report

_STUCK = (
    "the camera gives the same picture over and over: its driver is stuck, or something covers the lens; do this: "
    "uncover it, or unplug it and plug it in again"
)
_CAMERA_RETRY_S = 2.0  # how long to wait before trying a lost camera again
_IDLE_TICK_S = 1 / 15  # how often the idle loop is drawn while a camera gives no frames
_JOIN_S = 2.0  # for all stages together: a camera's read may hang; its thread is then abandoned


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a loop, all opened and warm. `fps`: of the output."""

    source: Source
    poses: PoseStage
    scenes: Scenes
    sinks: Sinks
    fps: float
    director: Director
    upgrade: EngineUpgrade | None = None

    def close(self, left_behind: Sequence[str] = ()) -> None:
        """Free everything except the sinks, which the loop has closed, and what a stage `left_behind` may still use."""
        with contextlib.ExitStack() as closing:  # in reverse order, and all of them even if one raises
            if "generate" not in left_behind:
                closing.callback(self.scenes.close)
            if "estimate" not in left_behind:
                closing.callback(self.poses.close)
            if "capture" not in left_behind:
                closing.callback(self.source.close)
            closing.callback(self.director.close)
            if self.upgrade is not None:
                closing.callback(self.upgrade.close)


class Loop:
    """A thread for each stage and each sink; windows are in the caller's. Set `stop` to end it; `run` returns once
    everything is sent and closed.
    """

    def __init__(
        self, parts: Parts, config: LiveConfig, clock: Clock, stop: threading.Event, report: Report, say: Say
    ) -> None:
        self.parts, self._config, self._clock = parts, config, clock
        self._stop, self._report, self._say = stop, report, say
        blocking = not config.realtime
        self._frames: LatestSlot[Frame] = LatestSlot(blocking=blocking)
        self._shots: LatestSlot[RenderJob] = LatestSlot(blocking=blocking)
        self._puppets: LatestSlot[PuppetFrame] = LatestSlot(blocking=blocking)
        report.slots = {"frame": self._frames, "conditioning": self._shots, "puppet": self._puppets}
        self._drawing = FaultPolicy(
            "the engine",
            "showing a card",
            parts.director.reopen,
            say=say,
            clock=clock,
            realtime=config.realtime,
            live=parts.source.live,
        )
        self._watchdog = Watchdog("draw", patient=not config.realtime)
        self._inbetweens = Inbetweens(parts.fps, say) if config.realtime and config.predict else None
        report.sinks = parts.sinks
        self._pumped = threading.Event()
        self._standstill = Standstill()
        self._failures: list[BaseException] = []
        self._end_s: float | None = None  # in capture time; known from the first frame on
        self.interrupted = False  # by `stop`, from outside
        self.left_behind: list[str] = []  # the stages that did not end, after `run`

    def run(self) -> None:
        """Raises the first failure of a stage. The sinks are always closed, as complete only if nothing failed."""
        stages: tuple[tuple[Callable[[], None], tuple[LatestSlot[Any], ...]], ...] = (
            (self._capture, (self._frames,)),
            (self._estimate, (self._frames, self._shots)),
            (self._generate, (self._shots, self._puppets)),
            *(((self._send, (self._puppets,)),) if self._config.realtime else ()),
        )
        threads = [
            threading.Thread(target=self._guarded, args=stage, name=stage[0].__name__, daemon=True) for stage in stages
        ]
        for thread in threads:
            thread.start()
        try:
            if self._config.realtime:
                self.parts.sinks.serve(self._pumped)
            else:  # the sinks, windows too, get every picture in the thread of the pump
                self._send()
        except BaseException as error:
            self._failures.append(error)
        self.interrupted = self._stop.is_set()
        self._stop.set()
        for slot in (self._frames, self._shots, self._puppets):
            slot.close()
        self.parts.sinks.close(complete=not self._failures)  # first, so that files are complete whatever hangs later
        until_s = time.monotonic() + _JOIN_S
        for thread in threads:
            thread.join(max(0.0, until_s - time.monotonic()))
        self._watchdog.close()
        self.left_behind = [thread.name.strip("_") for thread in threads if thread.is_alive()]
        if self.left_behind:
            self._say(f"left behind because it does not end: {', '.join(self.left_behind)}")
        self._report.resets = self.parts.scenes.resets
        self._report.engine = self.parts.scenes.current.generator.description()
        if self._failures:
            raise self._failures[0]

    def _guarded(self, stage: Callable[[], None], slots: "tuple[LatestSlot[Any], ...]") -> None:
        """Run one stage, then close the slots on both its sides, so that no neighbour waits forever."""
        try:
            stage()
        except BaseException as error:  # raised again by run, in the caller's thread
            self._failures.append(error)
        for slot in slots:
            slot.close()

    def _send(self) -> None:
        parts, realtime = self.parts, self._config.realtime
        try:
            Pump(self._puppets, parts.sinks, parts.fps, self._clock, self._stop, realtime=realtime).run()
        finally:
            self._pumped.set()

    def _capture(self) -> None:
        config, report = self._config, self._report
        start = self._clock.now()
        while (frame := self._read()) is not None:
            if self._end_s is None:
                self._end_s = frame.t_capture_s + (config.duration_s or float("inf"))
            if frame.t_capture_s >= self._end_s or (config.frames is not None and frame.frame_id >= config.frames):
                return
            if self.parts.source.live and self._standstill.step(frame):
                self._say(_STUCK)
            now = self._clock.now()
            report.took("capture", now - (frame.t_capture_s if config.realtime else start), now)
            report.frame_captured(frame.frame_id, frame.t_capture_s if config.realtime else now)
            if not self._frames.put(frame):
                return
            start = self._clock.now()

    def _read(self) -> Frame | None:
        """The next frame, waiting while a camera is lost. None at the end, on `stop`, or when the time is over."""
        source, lost = self.parts.source, False
        while not self._stop.is_set() and not (lost and self._end_s is not None and self._clock.now() >= self._end_s):
            try:
                frame = source.read()
            except Exception as error:
                if not source.live:
                    raise
                if not lost:
                    self._say(f"camera lost, trying again every {_CAMERA_RETRY_S:.0f} s: {describe(error)}")
                    if not isinstance(error, CameraError):
                        self._say(traceback_of(error))
                lost = True
                self._clock.wait_until(self._clock.now() + _CAMERA_RETRY_S, self._stop)
                continue
            if lost:
                self._say("the camera is back")
            return frame
        return None

    def _estimate(self) -> None:
        patience_s = self._config.hold_s if self.parts.source.live else None
        wait_s = patience_s
        while not self._stop.is_set():
            frame, now = self._frames.take(wait_s), self._clock.now()
            if frame is not None:
                if self._config.realtime:
                    self._report.took("wait", now - frame.t_capture_s, now)
                shot, wait_s = self.parts.poses.step(frame), patience_s
            elif self._frames.ended:
                return
            else:
                shot, wait_s = self.parts.poses.nobody(now), _IDLE_TICK_S
            if not self._shots.put(shot):
                return

    def _generate(self) -> None:
        between = self._inbetweens
        while True:
            job = self._shots.take(between.wait_s(self._clock.now()) if between else None)
            start = self._clock.now()
            if job is not None:
                frame = self._finished(job)
                if between is not None:
                    between.drew(job, start, self._clock.now())
            elif self._shots.ended:
                return
            elif between is not None and (later := between.next()) is not None:
                job, by_s = later
                frame = self._finished(job, later_s=by_s)
                between.drew_between(start, self._clock.now())
            else:
                continue
            now, face_s = self._clock.now(), job.scene.generator.face_s
            self._report.took("generate", now - start - (face_s or 0.0), now)
            if face_s is not None:
                self._report.took("face", face_s, now)
            self._report.generated.add(now)
            if not self._puppets.put(frame):
                return

    def _finished(self, shot: RenderJob, *, later_s: float = 0.0) -> PuppetFrame:
        """The picture of `shot`, moved on by `later_s`, or the card if the engine or anything else fails."""
        scene, generator = shot.scene, shot.scene.generator
        spare, cutout = self._puppets.spare(), self.parts.sinks.wants_cutout
        if generator.hangs:
            self._drawing.wait()
            return scene.card(shot.drawn, spare, cutout=cutout)
        try:
            self.parts.scenes.reached(scene)
            drawn = shot.later(later_s) if later_s else shot.drawn
            frame = self._watchdog.call(
                lambda: scene.finish(drawn, spare, cutout=cutout),
                hangs=generator.hang,
                back=generator.came_back,
            )
        except Exception as error:
            if isinstance(error, HungError):  # it may still write to the arrays of `spare`
                spare = None
                self._report.changed("left behind", "the engine", self._clock.now())
            self._drawing.add(error)
            return scene.card(shot.drawn, spare, cutout=cutout)
        self._drawing.clear()
        return frame

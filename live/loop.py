"""`Loop`: source -> estimate and condition -> generate -> pump -> sinks. Only this file knows the order."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from engines.errors import EngineError
from live.clock import Clock
from live.config import LiveConfig
from live.generator import Drawn, Generator
from live.pose_stage import PoseStage
from live.pump import Pump
from live.puppet.errors import CameraError
from live.puppet.values import Frame, PuppetFrame
from live.report import Report
from live.sinks.several import Sinks
from live.slot import LatestSlot
from live.sources.base import Say, Source

_CAMERA_RETRY_S = 2.0  # how long a camera that is gone is left alone before it is tried again
_IDLE_TICK_S = 1 / 15  # how often the idle loop is drawn while a camera gives no frames
_ENGINE_TRIES = 10  # pictures in a row an engine may fail at before a run without a camera is given up
_JOIN_S = 5.0  # a camera's read may hang; its thread is then left behind


@dataclass(frozen=True, slots=True)
class Parts:
    """What a loop is made of, all opened and warm. `fps`: of the output."""

    source: Source
    poses: PoseStage
    generator: Generator
    sinks: Sinks
    fps: float


class Loop:
    """Three threads and the caller's, which pumps. Set `stop` to end it; `run` returns when all is sent and closed."""

    def __init__(
        self, parts: Parts, config: LiveConfig, clock: Clock, stop: threading.Event, report: Report, say: Say
    ) -> None:
        self._parts, self._config, self._clock = parts, config, clock
        self._stop, self._report, self._say = stop, report, say
        blocking = not config.realtime
        self._frames: LatestSlot[Frame] = LatestSlot(blocking=blocking)
        self._drawn: LatestSlot[Drawn] = LatestSlot(blocking=blocking)
        self._puppets: LatestSlot[PuppetFrame] = LatestSlot(blocking=blocking)
        self._failures: list[BaseException] = []
        self._end_s: float | None = None  # in capture time; known from the first frame on
        self.interrupted = False  # by `stop`, from outside

    def run(self) -> None:
        """Raises the first failure of a stage. The sinks are closed in any case, as complete only without a failure."""
        stages: tuple[tuple[Callable[[], None], tuple[LatestSlot[Any], ...]], ...] = (
            (self._capture, (self._frames,)),
            (self._estimate, (self._frames, self._drawn)),
            (self._generate, (self._drawn, self._puppets)),
        )
        threads = [
            threading.Thread(target=self._guarded, args=stage, name=stage[0].__name__, daemon=True) for stage in stages
        ]
        for thread in threads:
            thread.start()
        try:
            self._pump().run()
        except BaseException as error:
            self._failures.append(error)
        self.interrupted = self._stop.is_set()
        self._stop.set()
        slots: dict[str, LatestSlot[Any]] = {
            "frame": self._frames,
            "conditioning": self._drawn,
            "puppet": self._puppets,
        }
        for slot in slots.values():
            slot.close()
        for thread in threads:
            thread.join(_JOIN_S)
        self._parts.sinks.close(complete=not self._failures)
        self._report.dropped_by_slot = {name: slot.dropped for name, slot in slots.items()}
        self._report.resets = self._parts.generator.resets
        if self._failures:
            raise self._failures[0]

    def _pump(self) -> Pump:
        parts, realtime = self._parts, self._config.realtime
        return Pump(self._puppets, parts.sinks, parts.fps, self._clock, self._stop, self._report, realtime=realtime)

    def _guarded(self, stage: Callable[[], None], slots: "tuple[LatestSlot[Any], ...]") -> None:
        """Runs one stage, then closes the slots on both its sides, so that no neighbour waits for it for ever."""
        try:
            stage()
        except BaseException as error:  # raised again by run, in the caller's thread
            self._failures.append(error)
        for slot in slots:
            slot.close()

    def _capture(self) -> None:
        config, report = self._config, self._report
        start = self._clock.now()
        while (frame := self._read()) is not None:
            if self._end_s is None:
                self._end_s = frame.t_capture_s + (config.duration_s or float("inf"))
            if frame.t_capture_s >= self._end_s or (config.frames is not None and frame.frame_id >= config.frames):
                return
            now = self._clock.now()
            report.stages["capture"].add(now - (frame.t_capture_s if config.realtime else start))
            report.frame_captured(frame.frame_id, frame.t_capture_s if config.realtime else now)
            if not self._frames.put(frame):
                return
            start = self._clock.now()

    def _read(self) -> Frame | None:
        """The next frame, waited for while a camera is gone. None at the end, at `stop`, or when the time is over."""
        source, lost = self._parts.source, False
        while not self._stop.is_set() and not (lost and self._end_s is not None and self._clock.now() >= self._end_s):
            try:
                frame = source.read()
            except CameraError as error:
                if not source.live:
                    raise
                if not lost:
                    self._say(f"camera lost, trying again every {_CAMERA_RETRY_S:.0f} s: {error}")
                lost = True
                self._clock.wait_until(self._clock.now() + _CAMERA_RETRY_S, self._stop)
                continue
            if lost:
                self._say("the camera is back")
            return frame
        return None

    def _estimate(self) -> None:
        patience_s = self._config.hold_s if self._parts.source.live else None
        wait_s = patience_s
        while not self._stop.is_set():
            frame = self._frames.take(wait_s)
            if frame is not None:
                if self._config.realtime:
                    self._report.stages["wait"].add(self._clock.now() - frame.t_capture_s)
                drawn, wait_s = self._parts.poses.step(frame), patience_s
            elif self._frames.ended:
                return
            else:
                drawn, wait_s = self._parts.poses.nobody(self._clock.now()), _IDLE_TICK_S
            if not self._drawn.put(drawn):
                return

    def _generate(self) -> None:
        generator, failed = self._parts.generator, 0
        while (drawn := self._drawn.take()) is not None:
            start, spare = self._clock.now(), self._puppets.spare()
            try:
                frame, failed = generator.step(drawn, spare), 0
            except EngineError as error:
                failed += 1
                if not self._config.realtime or (failed >= _ENGINE_TRIES and not self._parts.source.live):
                    raise
                if failed == 1:
                    self._say(f"the engine failed, showing a card until it works again: {error}")
                frame = generator.card(drawn.frame_id, drawn.t_capture_s, spare)
            now = self._clock.now()
            face_s = generator.face_s
            self._report.stages["generate"].add(now - start - (face_s or 0.0))
            if face_s is not None:
                self._report.stages["face"].add(face_s)
            self._report.generated.add(now)
            if not self._puppets.put(frame):
                return

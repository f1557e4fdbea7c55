"""`Sinks`: all outputs of a run, and the only way to them. One that fails is reported and dropped; the others go on."""

import threading
from pathlib import Path

from engines.messages import Say
from live.clock import Clock, SystemClock
from live.faults.fault_policy import describe, traceback_of
from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.sinks.base import Sink
from live.sinks.outlet import Outlet, Place
from live.sinks.output_override import OutputOverride
from live.telemetry.report import Report

# A send that takes longer hangs in a driver and began before hiding, so its picture is already out.
_PATIENCE_S = 1.0
_STUCK_S = 5.0  # a sink busy with one picture for this long is reported
_LOOK_S = 0.1  # one wait of the main thread, during which Windows delivers no Ctrl-C


class Sinks:
    """`failed` holds what went wrong, `written` the complete files; `active` is False once nobody takes pictures.

    With `realtime` each sink has its own thread and slot, so a slow one gets fewer pictures and delays nobody. Without,
    each gets every picture in the thread that calls `send`. `report` is told what the first sink has taken.

    `open`, `serve` and `close` are called from one thread, which owns OpenCV's windows, and `send` from one; everything
    else from any.
    """

    def __init__(
        self,
        sinks: list[Sink],
        say: Say,
        *,
        realtime: bool = False,
        clock: Clock | None = None,
        report: Report | None = None,
    ) -> None:
        self._say, self._realtime = say, realtime
        self._clock, self._report = clock or SystemClock(), report
        self._override = OutputOverride()
        self._changing = threading.Lock()
        self._outlets = [self._outlet(sink) for sink in sinks]
        self._first = next(iter(self._outlets), None)  # the one that the report is about
        self._opened: tuple[tuple[int, int], float] | None = None
        self._stuck: set[Outlet] = set()
        self._gone_dropped: dict[str, int] = {}
        self._shown_id: int | None = None
        self.failed: list[SinkError] = []
        self.written: list[Path] = []

    @property
    def active(self) -> bool:
        return bool(self._outlets)

    @property
    def names(self) -> list[str]:
        return [outlet.sink.name for outlet in self._outlets]

    @property
    def dropped(self) -> dict[str, int]:
        """How many pictures each sink did not take, by name, including sinks that are gone."""
        with self._changing:
            dropped = dict(self._gone_dropped)
            for outlet in self._outlets:
                _count(outlet, dropped)
        return dropped

    @property
    def wants_cutout(self) -> bool:
        """Whether any sink now needs frames with their `cutout`."""
        return any(getattr(outlet.sink, "wants_cutout", False) for outlet in self._outlets)

    @property
    def hidden(self) -> bool:
        return self._override.hidden

    @property
    def frozen(self) -> bool:
        return self._override.frozen

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Open all. If one cannot be opened, close all again and raise SinkError: nobody streams without knowing."""
        for place, outlet in enumerate(self._outlets):
            try:
                outlet.open(size, fps)
            except SinkError:
                opened, self._outlets = self._outlets[:place], []
                self._close_all(opened, complete=False)
                raise
        self._opened = (size, fps)

    def add(self, sink: Sink) -> None:
        """Open one more, from the next picture on. Raises SinkError, with nothing changed."""
        if self._opened is None:
            raise SinkError("no output can be added now", got="a run that has ended", do="start a new run")
        outlet = self._outlet(sink)
        outlet.open(*self._opened)
        with self._changing:
            if self._opened is not None:
                self._outlets = [*self._outlets, outlet]
                self._first = self._outlets[0]
                return
        self._close_all([outlet], complete=False)

    def remove(self, sink: Sink) -> None:
        """Remove and close `sink`; once this returns, its file is complete. Does nothing if it is already gone."""
        for outlet in self._outlets:
            if outlet.sink is sink and self._take_out(outlet):
                self._close_all([outlet], complete=True)

    def holds(self, sink: Sink) -> bool:
        """Whether `sink` still takes pictures."""
        return any(outlet.sink is sink for outlet in self._outlets)

    def hide(self, on: bool) -> None:
        """Send the card instead of every picture. Once this returns no picture leaves, not even one made before."""
        self._override.hidden = on
        end_s = self._clock.now() + _PATIENCE_S
        for outlet in self._outlets if on else ():
            outlet.settle(end_s - self._clock.now())

    def freeze(self, on: bool) -> None:
        """Send one picture over and over."""
        self._override.frozen = on

    def send(self, frame: PuppetFrame, tick: int) -> None:
        """Send one picture, or its substitute while frozen or hidden, to all sinks; see `Sink.send`."""
        shown = self._override.apply(frame)
        for outlet in self._outlets:
            outlet.put(shown, tick)
            self._look_after(outlet)

    def serve(self, done: threading.Event) -> None:
        """Until `done`, serve the sinks that belong to this thread."""
        while not done.is_set():
            mine = [outlet for outlet in self._outlets if outlet.place == "main"]
            for outlet in mine:
                outlet.serve(_LOOK_S / len(mine))
            if not mine:
                done.wait(_LOOK_S)

    def close(self, *, complete: bool) -> None:
        """Close all; see `Sink.close`."""
        with self._changing:
            outlets, self._outlets, self._opened = self._outlets, [], None
            for outlet in outlets:
                _count(outlet, self._gone_dropped)
        self._close_all(outlets, complete=complete)

    def _outlet(self, sink: Sink) -> Outlet:
        own: Place = "main" if getattr(sink, "needs_main_thread", False) else "own"
        return Outlet(
            sink,
            self._override,
            self._clock,
            place=own if self._realtime else "here",
            took=self._took,
            ended=self._ended,
            closed=self._closed,
        )

    def _took(self, outlet: Outlet, frame: PuppetFrame, start_s: float) -> None:
        if self._report is None or outlet is not self._first:
            return
        now = self._clock.now()
        new = frame.frame_id >= 0 and frame.frame_id != self._shown_id
        self._shown_id = frame.frame_id
        self._report.took("send", now - start_s, now)
        self._report.frame_sent(frame.frame_id if new else None, now)

    def _ended(self, outlet: Outlet, error: Exception | None) -> None:
        self._take_out(outlet)
        if error is not None:
            self._fail(error)

    def _closed(self, outlet: Outlet) -> None:
        if (path := getattr(outlet.sink, "written", None)) is not None:
            self.written.append(path)
        if remark := getattr(outlet.sink, "remark", ""):
            self._say(remark)

    def _take_out(self, outlet: Outlet) -> bool:
        """False if it was removed already."""
        with self._changing:
            if outlet not in self._outlets:
                return False
            self._outlets = [other for other in self._outlets if other is not outlet]
            self._first = next(iter(self._outlets), None)
            _count(outlet, self._gone_dropped)
            return True

    def _look_after(self, outlet: Outlet) -> None:
        if outlet.busy_s > _STUCK_S:
            if outlet not in self._stuck:
                self._stuck.add(outlet)
                self._say(f"{outlet.sink.name} has taken no picture for {_STUCK_S:.0f} s; the other outputs go on")
        else:
            self._stuck.discard(outlet)

    def _close_all(self, outlets: list[Outlet], *, complete: bool) -> None:
        for outlet in outlets:
            outlet.stop(complete=complete)
        for outlet in outlets:
            try:
                outlet.wait_closed()
            except SinkError as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        if isinstance(error, SinkError):
            self.failed.append(error)
        else:
            self.failed.append(SinkError("an output failed", got=describe(error)))
            self._say(traceback_of(error))
        self._say(f"output lost: {describe(error)}")


def _count(outlet: Outlet, dropped: dict[str, int]) -> None:
    name = outlet.sink.name
    dropped[name] = dropped.get(name, 0) + outlet.dropped

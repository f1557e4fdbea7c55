"""`Pump`: feeds the sinks at a constant rate, whatever the generator does.

Time is cut into windows of 1/fps with exactly one send each: a new picture as soon as there is one, or else, at the
window's end, the last good one again. So the rate is constant, and a new picture waits only if its window has already
been used; a fixed beat would add half a window on average and a whole one at worst. If a picture is found waiting, the
windows open too late for a source of the same rate: they slide earlier, a little at a time and by no more than the
rate's tolerance, until new pictures come just after a window opens.
"""

import math
import threading
from typing import Protocol

from live.clock import Clock
from live.puppet.values import PuppetFrame
from live.sinks.several import Sinks

_SLIDE = 0.05  # of a window, for each picture found waiting
_TOLERANCE = 0.001  # how much faster than its nominal rate the pump may run in the long term
_WAKE_S = 0.5  # how often to check `stop` while waiting without a beat


class Frames(Protocol):
    """What the pump needs from a `LatestSlot[PuppetFrame]`."""

    @property
    def ended(self) -> bool: ...

    def take(self, timeout_s: float | None = None) -> PuppetFrame | None: ...


class Pump:
    """`realtime=False`: no rate; each picture is sent once, as soon as it comes, in the window of its own time."""

    def __init__(
        self,
        slot: Frames,
        sinks: Sinks,
        fps: float,
        clock: Clock,
        stop: threading.Event,
        *,
        realtime: bool,
    ) -> None:
        self._slot, self._sinks, self._period_s = slot, sinks, 1 / fps
        self._clock, self._stop, self._realtime = clock, stop, realtime
        self._slide_left_s = self._period_s

    def run(self) -> None:
        """Pump until the slot has ended, `stop` is set, or no sink is left."""
        frame = self._wait()
        start_s, tick = self._clock.now(), 0
        first_s = frame.t_capture_s if frame is not None else 0.0
        while frame is not None and not self._stop.is_set():
            self._slide_left_s = min(self._period_s, self._slide_left_s + _TOLERANCE * self._period_s)
            self._sinks.send(frame, tick)
            if not self._sinks.active:
                return
            if not self._realtime:
                frame = self._wait()
                if frame is not None:  # a film's pictures need not be evenly spaced, but must stay with its sound
                    tick = max(tick + 1, round((frame.t_capture_s - first_s) / self._period_s))
                continue
            self._clock.wait_until(start_s + (tick + 1) * self._period_s, self._stop)
            now = self._clock.now()
            # If the machine was too busy for whole windows, they are skipped, not made up for.
            tick = max(tick + 1, math.floor((now - start_s) / self._period_s + 1e-6))
            fresh = self._slot.take(0.0)
            if fresh is not None:
                slide = min(_SLIDE * self._period_s, self._slide_left_s)
                self._slide_left_s -= slide
                start_s -= slide
            else:
                fresh = self._slot.take(max(0.0, start_s + (tick + 1) * self._period_s - now))
            if fresh is None and self._slot.ended:
                return
            frame = fresh or frame

    def _wait(self) -> PuppetFrame | None:
        while not self._stop.is_set() and not self._slot.ended:
            if (frame := self._slot.take(_WAKE_S)) is not None:
                return frame
        return None

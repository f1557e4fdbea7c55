"""`PacedSource`: a file that plays at its own pace and drops frames like a camera."""

import threading

from live.clock import Clock
from live.puppet.values import Frame
from live.sources.base import Source


class PacedSource:
    """Gives each frame of `source` when its time has come, with `t_capture_s` on the loop's clock, as a camera would.

    The pace starts at the first read. A late frame is given at once; nothing is skipped here, as the slot behind drops
    what nobody took. `stop` ends a wait, and the frame is then given early.
    """

    live = False

    def __init__(self, source: Source, clock: Clock, stop: threading.Event) -> None:
        self.name, self.fps, self.size = source.name, source.fps, source.size
        self._source, self._clock, self._stop = source, clock, stop
        self._start_s: float | None = None

    def read(self) -> Frame | None:
        frame = self._source.read()
        if frame is None:
            return None
        if self._start_s is None:
            self._start_s = self._clock.now() - frame.t_capture_s
        self._clock.wait_until(self._start_s + frame.t_capture_s, self._stop)
        return Frame(frame.frame_id, self._clock.now(), frame.image)

    def close(self) -> None:
        self._source.close()

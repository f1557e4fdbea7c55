"""`LoopedSource`: plays a file over and over."""

from collections.abc import Callable

from live.puppet.values import Frame
from live.sources.base import Source


class LoopedSource:
    """Reopens a file source at its end; ids and times go on. `open_source` must give the same size each time."""

    live = False

    def __init__(self, open_source: Callable[[], Source]) -> None:
        self._open = open_source
        self._source = open_source()
        self.name, self.fps, self.size = self._source.name, self._source.fps, self._source.size
        self._id0, self._t0 = 0, 0.0
        self._next_id, self._next_t = 0, 0.0

    def read(self) -> Frame | None:
        frame = self._source.read()
        if frame is None:
            self._source.close()
            self._source = self._open()
            self._id0, self._t0 = self._next_id, self._next_t
            frame = self._source.read()
        if frame is None:
            return None
        looped = Frame(self._id0 + frame.frame_id, self._t0 + frame.t_capture_s, frame.image)
        self._next_id, self._next_t = looped.frame_id + 1, looped.t_capture_s + 1 / self.fps
        return looped

    def close(self) -> None:
        self._source.close()

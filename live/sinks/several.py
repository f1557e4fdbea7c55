"""`Sinks`: all outputs of a run, and the only way to them. One that fails is dropped and said; the others go on."""

import threading
from pathlib import Path

from live.curtain import Curtain
from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.sinks.base import Sink
from live.sources.base import Say

# A send that takes longer hangs in a driver, and began before: what it shows was let out already.
_PATIENCE_S = 1.0


class Sinks:
    """`failed` holds what went wrong, `written` the files that are whole; `active` is False when nobody takes pictures
    any more.

    `open`, `send` and `close` are called from one thread; everything else from any.
    """

    def __init__(self, sinks: list[Sink], say: Say) -> None:
        self._sinks, self._say = list(sinks), say
        self._sending = threading.Lock()
        self._curtain = Curtain()
        self._opened: tuple[tuple[int, int], float] | None = None
        self.failed: list[SinkError] = []
        self.written: list[Path] = []

    @property
    def active(self) -> bool:
        return bool(self._sinks)

    @property
    def names(self) -> list[str]:
        return [sink.name for sink in self._sinks]

    @property
    def wants_cutout(self) -> bool:
        """Whether some sink needs frames with their `cutout`, now."""
        return any(getattr(sink, "wants_cutout", False) for sink in list(self._sinks))

    @property
    def hidden(self) -> bool:
        return self._curtain.hidden

    @property
    def frozen(self) -> bool:
        return self._curtain.frozen

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Open all. Raises SinkError, with all closed again, when one cannot: nobody streams without knowing."""
        for place, sink in enumerate(self._sinks):
            try:
                sink.open(size, fps)
            except SinkError:
                for opened in self._sinks[:place]:
                    opened.close(complete=False)
                self._sinks = []
                raise
        self._opened = (size, fps)

    def add(self, sink: Sink) -> None:
        """Open one more, which takes pictures from the next one on. Raises SinkError; then nothing has changed."""
        if self._opened is None:
            raise SinkError("no output can be added now", got="a run that has ended", do="start again")
        sink.open(*self._opened)
        with self._sending:
            if self._opened is not None:
                self._sinks.append(sink)
                return
        sink.close(complete=False)

    def remove(self, sink: Sink) -> None:
        """Take it out and close it; when this returns, what it wrote is complete. Does nothing for one that is gone."""
        with self._sending:
            if sink not in self._sinks:
                return
            self._sinks.remove(sink)
        self._close(sink, complete=True)

    def holds(self, sink: Sink) -> bool:
        """Whether it still takes pictures."""
        return sink in self._sinks

    def hide(self, on: bool) -> None:
        """Send the card in place of every picture. When this returns none leaves any more, made before or not."""
        self._curtain.hidden = on
        if on and self._sending.acquire(timeout=_PATIENCE_S):
            self._sending.release()

    def freeze(self, on: bool) -> None:
        """Send one picture over and over."""
        self._curtain.frozen = on

    def send(self, frame: PuppetFrame, tick: int) -> PuppetFrame:
        """Give one picture to all, see `Sink.send`; gives what was sent in its place while it is frozen or hidden."""
        with self._sending:
            shown = self._curtain.over(frame)
            for sink in list(self._sinks):
                try:
                    if sink.send(shown, tick):
                        continue
                    self._close(sink, complete=True)
                except SinkError as error:
                    self._fail(error)
                    self._close(sink, complete=False)
                self._sinks.remove(sink)
            return shown

    def close(self, *, complete: bool) -> None:
        """Close all, see `Sink.close`."""
        with self._sending:
            sinks, self._sinks, self._opened = self._sinks, [], None
        for sink in sinks:
            self._close(sink, complete=complete)

    def _close(self, sink: Sink, *, complete: bool) -> None:
        try:
            sink.close(complete=complete)
            if (path := getattr(sink, "written", None)) is not None:
                self.written.append(path)
        except SinkError as error:
            if complete or not self.failed:
                self._fail(error)

    def _fail(self, error: SinkError) -> None:
        self.failed.append(error)
        self._say(f"output lost: {error}")

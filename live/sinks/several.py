"""`Sinks`: all outputs of a run. One that fails is dropped and said; the others go on."""

from live.puppet.errors import SinkError
from live.puppet.values import U8
from live.sinks.base import Sink
from live.sources.base import Say


class Sinks:
    """`failed` holds what went wrong; `active` is False when nobody takes pictures any more."""

    def __init__(self, sinks: list[Sink], say: Say) -> None:
        self._sinks, self._say = list(sinks), say
        self.failed: list[SinkError] = []

    @property
    def active(self) -> bool:
        return bool(self._sinks)

    @property
    def names(self) -> list[str]:
        return [sink.name for sink in self._sinks]

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

    def send(self, image: U8, tick: int) -> None:
        """Give one picture to all, see `Sink.send`."""
        for sink in list(self._sinks):
            try:
                if sink.send(image, tick):
                    continue
                self._close(sink, complete=True)
            except SinkError as error:
                self._fail(error)
                self._close(sink, complete=False)
            self._sinks.remove(sink)

    def close(self, *, complete: bool) -> None:
        """Close all, see `Sink.close`."""
        for sink in self._sinks:
            self._close(sink, complete=complete)
        self._sinks = []

    def _close(self, sink: Sink, *, complete: bool) -> None:
        try:
            sink.close(complete=complete)
        except SinkError as error:
            if complete or not self.failed:
                self._fail(error)

    def _fail(self, error: SinkError) -> None:
        self.failed.append(error)
        self._say(f"output lost: {error}")

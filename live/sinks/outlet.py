"""`Outlet`: one sink with its own slot and thread, so that it delays nobody but itself."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from typing import Literal

import numpy as np

from engines.arrays import U8
from live.clock import Clock
from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.sinks.base import Sink
from live.sinks.output_override import OutputOverride
from live.slot import LatestSlot

_CLOSE_S = 10.0  # a driver may hang; its thread is then abandoned

# Where a sink is opened, used and closed: in its own thread, in the main thread (OpenCV's windows), or in the caller's,
# which keeps every picture and their order.
Place = Literal["own", "main", "here"]
Took = Callable[["Outlet", PuppetFrame, float], None]
Ended = Callable[["Outlet", Exception | None], None]
Closed = Callable[["Outlet"], None]


class Outlet:
    """Calls `took` with each picture that the sink has taken and when that began, and `ended` when it takes no more,
    with the error or None if the user closed it. Then closes the sink and calls `closed`. All in the sink's thread.
    """

    def __init__(
        self,
        sink: Sink,
        override: OutputOverride,
        clock: Clock,
        *,
        place: Place,
        took: Took,
        ended: Ended,
        closed: Closed,
    ) -> None:
        self.sink, self.place = sink, place
        self._override, self._clock = override, clock
        self._took, self._ended, self._closed = took, ended, closed
        self._slot: LatestSlot[tuple[PuppetFrame, int]] = LatestSlot()
        self._sending = threading.Lock()
        self._open = False  # guarded by `_sending`
        self._complete = True
        self._busy_since_s: float | None = None
        self._thread = threading.Thread(target=self._run, name=f"sink {sink.name}", daemon=True)
        self._opening: Future[None] = Future()
        self._size: tuple[int, int] = (0, 0)
        self._fps = 0.0

    @property
    def dropped(self) -> int:
        """How many pictures it did not take because newer ones came while it was busy."""
        return self._slot.dropped

    @property
    def busy_s(self) -> float:
        """How long it has been busy with one picture."""
        since = self._busy_since_s
        return 0.0 if since is None else self._clock.now() - since

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Open the sink. Raises SinkError."""
        self._size, self._fps = size, fps
        if self.place != "own":
            self._open_sink()
            return
        self._thread.start()
        self._opening.result()

    def put(self, frame: PuppetFrame, tick: int) -> None:
        """Hand over one picture, which is copied; see `Sink.send`. Waits only for a sink whose place is "here"."""
        if self.place == "here":
            self._send(frame, tick)
            return
        spare = self._slot.spare()
        self._slot.put((_copied(frame, None if spare is None else spare[0]), tick))

    def serve(self, timeout_s: float | None) -> bool:
        """Send the next picture, waiting up to `timeout_s`. False if there will be none. Called in the sink's place."""
        item = self._slot.take(timeout_s)
        if item is not None:
            self._send(*item)
        return not self._slot.ended

    def settle(self, timeout_s: float) -> None:
        """Wait until a picture that is just leaving is out, at most `timeout_s`."""
        if self._sending.acquire(timeout=max(0.0, timeout_s)):
            self._sending.release()

    def stop(self, *, complete: bool) -> None:
        """Take no more pictures, send those already put, and close the sink. Returns at once."""
        self._complete = complete
        self._slot.close()

    def wait_closed(self) -> None:
        """Wait for what `stop` began. Raises SinkError if the sink hangs, or could not be closed."""
        if self.place == "own":
            self._thread.join(_CLOSE_S)
            if self._thread.is_alive():
                raise SinkError(f"{self.sink.name} hangs and was left behind", do="check whether its file is complete")
            return
        while self.serve(0.0):
            pass
        self._close_sink(complete=self._complete)

    def _run(self) -> None:
        try:
            self._open_sink()
        except BaseException as error:
            self._opening.set_exception(error)
            return
        self._opening.set_result(None)
        while self.serve(None):
            pass
        self._close_sink(complete=self._complete)

    def _open_sink(self) -> None:
        self.sink.open(self._size, self._fps)
        self._open = True

    def _send(self, frame: PuppetFrame, tick: int) -> None:
        with self._sending:
            if not self._open:
                return
            start_s = self._busy_since_s = self._clock.now()
            error: Exception | None = None
            try:
                shown = self._override.conceal(frame)
                if self.sink.send(shown, tick):
                    self._took(self, shown, start_s)
                    return
            except Exception as caught:  # of any kind: the other sinks go on
                error = caught
            finally:
                self._busy_since_s = None
        self._slot.close()
        self._ended(self, error)
        self._close_sink(complete=error is None)

    def _close_sink(self, *, complete: bool) -> None:
        with self._sending:
            was_open, self._open = self._open, False
        if was_open:
            try:
                self.sink.close(complete=complete)
            except Exception as error:
                self._ended(self, error)
            self._closed(self)


def _copied(frame: PuppetFrame, spare: PuppetFrame | None) -> PuppetFrame:
    return replace(
        frame,
        image=_copy(frame.image, None if spare is None else spare.image),
        matte=_copy(frame.matte, None if spare is None else spare.matte),
        cutout=None if frame.cutout is None else _copy(frame.cutout, None if spare is None else spare.cutout),
    )


def _copy(source: U8, spare: U8 | None) -> U8:
    if spare is None or spare.shape != source.shape:
        return source.copy()
    np.copyto(spare, source)
    return spare

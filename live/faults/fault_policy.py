"""`FaultPolicy`: what to do about a part that fails during the show, and when its failures end the run."""

import traceback
from collections.abc import Callable
from typing import Protocol

from engines.errors import UserError
from engines.messages import Detail, Info, Say
from live.clock import Clock

_TRIES = 10  # failures in a row before a run without a camera gives up
_WELL = 30  # uses in a row without a failure before a part is reported to work again
_PAUSE_S, _LONGEST_PAUSE_S = 4.0, 60.0  # between attempts to reopen a part that keeps failing


class FaultPolicy:
    """Counts one `part`'s failures in a row. The first is reported with `instead`, which says what is shown meanwhile.
    `reopen` is called to open the part again, and after a pause once more if that did not help.

    Without real time nobody watches, so the first failure is raised; without a camera (not `live`), the tenth in a row
    is. Used from one thread.
    """

    def __init__(
        self,
        part: str,
        instead: str,
        reopen: Callable[[], None],
        *,
        say: Say,
        clock: Clock,
        realtime: bool,
        live: bool,
    ) -> None:
        self._part, self._instead, self._reopen = part, instead, reopen
        self._say, self._clock, self._realtime, self._live = say, clock, realtime, live
        self._in_a_row, self._well = 0, _WELL
        self._pause_s, self._reopen_at_s = _PAUSE_S, -float("inf")

    def add(self, error: Exception) -> None:
        """The part has failed. Raises `error` if that ends the run."""
        self._in_a_row += 1
        if not self._realtime or (self._in_a_row >= _TRIES and not self._live):
            raise error
        if self._well >= _WELL:
            self._say(f"{self._part} failed, {self._instead} until it works again: {describe(error)}")
            self._say(traceback_of(error))
        self._well = 0
        self.wait()

    def wait(self) -> None:
        """The part is not in use until it is replaced. Calls `reopen` if the pause since the last attempt is over."""
        now = self._clock.now()
        if now >= self._reopen_at_s:
            self._reopen_at_s = now + self._pause_s
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s)
            self._reopen()

    def clear(self) -> None:
        """The part was used and did not fail."""
        self._in_a_row = 0
        if self._well < _WELL:
            self._well += 1
            if self._well == _WELL:
                self._pause_s, self._reopen_at_s = _PAUSE_S, -float("inf")
                self._say(Info(f"{self._part} works again"))


class FaultPolicyFactory(Protocol):
    """Makes the `FaultPolicy` for a part of one run."""

    def __call__(self, part: str, instead: str, reopen: Callable[[], None]) -> FaultPolicy: ...


def describe(error: BaseException) -> str:
    """An error in words: a `UserError` as it is, any other with its type, because it is a bug."""
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


def traceback_of(error: BaseException) -> Detail:
    """The traceback of `error`, for the log."""
    return Detail("".join(traceback.format_exception(error)).rstrip())

"""`FaultPolicy`: what is done about a part that fails while the show goes on, and where it ends the run after all."""

import traceback
from collections.abc import Callable
from typing import Protocol

from engines.errors import UserError
from engines.messages import Detail, Info, Say
from live.clock import Clock

_TRIES = 10  # failures in a row after which a run without a camera is given up
_WELL = 30  # uses in a row without a failure after which a part is said to work again
_PAUSE_S, _LONGEST_PAUSE_S = 4.0, 60.0  # between two openings of a part that goes on to fail


class FaultPolicy:
    """One `part`'s failures in a row. The first is said, with `instead`: what is shown meanwhile, and `reopen` is asked
    for the part anew, again after a pause where that did not help.

    Without real time nobody watches, so the first failure is raised; without a camera (`live`) the tenth in a row.
    Used from one thread.
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
        """The part has failed. Raises `error` where that ends the run."""
        self._in_a_row += 1
        if not self._realtime or (self._in_a_row >= _TRIES and not self._live):
            raise error
        if self._well >= _WELL:
            self._say(f"{self._part} failed, {self._instead} until it works again: {describe(error)}")
            self._say(traceback_of(error))
        self._well = 0
        self.wait()

    def wait(self) -> None:
        """The part is not used until there is another one: `reopen` is asked where that takes too long."""
        now = self._clock.now()
        if now >= self._reopen_at_s:
            self._reopen_at_s = now + self._pause_s
            self._pause_s = min(_LONGEST_PAUSE_S, 2 * self._pause_s)
            self._reopen()

    def clear(self) -> None:
        """The part was used, and did not fail."""
        self._in_a_row = 0
        if self._well < _WELL:
            self._well += 1
            if self._well == _WELL:
                self._pause_s, self._reopen_at_s = _PAUSE_S, -float("inf")
                self._say(Info(f"{self._part} works again"))


class FaultPolicyFactory(Protocol):
    """Makes the `FaultPolicy` of a part of one run."""

    def __call__(self, part: str, instead: str, reopen: Callable[[], None]) -> FaultPolicy: ...


def describe(error: BaseException) -> str:
    """An error for people: ours as it is; with its type where nobody foresaw it, for then it is a bug."""
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


def traceback_of(error: BaseException) -> Detail:
    """The traceback of `error`, for the log."""
    return Detail("".join(traceback.format_exception(error)).rstrip())

"""Turns Ctrl-C and SIGTERM into a request to stop after the current step, not an exception in the middle of it."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

AT_ONCE_S = 1.0  # signals closer together are one request: the terminal and the parent process may each send one


class Interrupt:
    """Turns the first Ctrl-C or SIGTERM into a request to stop after this step; a later one stops at once.

    `pass_on` is called with the number of each signal, to tell other processes.
    """

    def __init__(
        self, pass_on: Callable[[int], None] = lambda number: None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._pass_on, self._clock, self._since = pass_on, clock, float("inf")

    @property
    def wanted(self) -> bool:
        """Whether there was a signal."""
        return self._since < float("inf")

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self._pass_on(number)
        now = self._clock()
        if now - self._since > AT_ONCE_S:
            raise KeyboardInterrupt
        self._since = min(self._since, now)

    @contextmanager
    def listening(self) -> Iterator["Interrupt"]:
        """Listen while the block runs; then put the old handlers back."""
        old = {number: signal.signal(number, self) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield self
        finally:
            for number, handler in old.items():
                signal.signal(number, handler)

"""`Clock`: the loop's time. `SystemClock` is real; `FakeClock` is for tests and never waits."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Seconds that only go forward, from an arbitrary zero."""

    def now(self) -> float:
        """The time now, in seconds."""
        ...

    def wait_until(self, t_s: float, stop: threading.Event) -> bool:
        """True as soon as `stop` is set; False once `t_s` is reached, or at once if it has passed."""
        ...


class SystemClock:
    """`time.perf_counter`."""

    def now(self) -> float:
        return time.perf_counter()

    def wait_until(self, t_s: float, stop: threading.Event) -> bool:
        return stop.wait(max(0.0, t_s - time.perf_counter()))


class FakeClock:
    """A clock that stands still until it is waited on or moved by hand."""

    def __init__(self, now_s: float = 0.0) -> None:
        self.now_s = now_s

    def now(self) -> float:
        return self.now_s

    def wait_until(self, t_s: float, stop: threading.Event) -> bool:
        self.now_s = max(self.now_s, t_s)
        return stop.is_set()

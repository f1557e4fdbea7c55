"""`Complaints`: reports what goes wrong with strangers and pages without flooding the terminal or the log."""

import time
from collections import Counter
from collections.abc import Callable

from engines.messages import Say

_EVERY_S = 60.0


class Complaints:
    """At most one line a minute of each kind, however often it happens. Lives in the room's event loop."""

    def __init__(self, say: Say, now: Callable[[], float] = time.monotonic) -> None:
        self._say, self._now = say, now
        self._next_s: dict[str, float] = {}
        self._untold: Counter[str] = Counter()

    def add(self, kind: str, text: str) -> None:
        """Say `text`, or count it for the next line of its kind."""
        now_s = self._now()
        if now_s < self._next_s.get(kind, -float("inf")):
            self._untold[kind] += 1
            return
        untold = self._untold.pop(kind, 0)
        self._next_s[kind] = now_s + _EVERY_S
        self._say(f"control room: {text}{f' (and {untold} more like it before)' if untold else ''}")

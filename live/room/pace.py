"""`MessagePace`: limits how fast one page's messages are read."""

import asyncio


class MessagePace:
    """At most `per_s` messages a second on average, `at_once` without a pause; the rest wait on the page's side."""

    def __init__(self, per_s: float, at_once: int) -> None:
        self._every_s, self._ahead_s = 1 / per_s, at_once / per_s
        self._due_s = 0.0

    async def keep(self) -> None:
        """One more message came; returns when the next may be read. Always lets other tasks run in between."""
        now_s = asyncio.get_running_loop().time()
        self._due_s = max(self._due_s, now_s - self._ahead_s) + self._every_s
        await asyncio.sleep(max(0.0, self._due_s - now_s))

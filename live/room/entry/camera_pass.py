"""`CameraPasses`: permission for one page to see the camera picture, granted by "Show me" and used once."""

import asyncio
import secrets
import time
from collections.abc import Callable

from live.room.entry.access import new_token

_UNUSED_S = 10.0  # how long a page may take to use one


class CameraPass:
    """`over` is set when the page may see no more: it left, was given another pass, or the show was hidden."""

    def __init__(self, given_s: float) -> None:
        self.code = new_token()
        self.over = asyncio.Event()
        self.given_s = given_s


class CameraPasses:
    """At most one for each page. Lives in the room's event loop."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._unused: dict[object, CameraPass] = {}
        self._used: dict[object, CameraPass] = {}

    def give(self, page: object) -> str:
        """The code of a new pass for `page`, which ends the one it had."""
        self.end(page)
        given = self._unused[page] = CameraPass(self._now())
        return given.code

    def use(self, code: str) -> CameraPass | None:
        """The pass with this code; None if there is none, or it was used before or has expired."""
        for page, given in list(self._unused.items()):
            if secrets.compare_digest(given.code.encode(), code.encode("utf-8", "surrogatepass")):
                self._used[page] = self._unused.pop(page)
                return given if self._now() - given.given_s <= _UNUSED_S else None
        return None

    def end(self, page: object) -> None:
        """`page` is gone, or has stopped looking."""
        for given in (self._unused.pop(page, None), self._used.pop(page, None)):
            if given is not None:
                given.over.set()

    def end_all(self) -> None:
        """End the passes of all pages."""
        for page in [*self._unused, *self._used]:
            self.end(page)

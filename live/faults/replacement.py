"""`Replacement`: opens a part in its own thread, to replace one that failed."""

import threading
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar

from engines.messages import Say
from live.faults.fault_policy import describe


class Closing(Protocol):
    """Anything that has to be closed."""

    def close(self) -> None: ...


T = TypeVar("T", bound=Closing)


class Replacement(Generic[T]):
    """`open_part` opens the part; `name` is what people call it. May be used from any thread."""

    def __init__(self, name: str, open_part: Callable[[], T], say: Say) -> None:
        self._name, self._open_part, self._say = name, open_part, say
        self._lock = threading.Lock()
        self._ready: T | None = None
        self._opening = self._closed = False

    def ask(self) -> None:
        """Start opening one, unless one is being opened or is ready. Returns at once."""
        with self._lock:
            if self._opening or self._closed or self._ready is not None:
                return
            self._opening = True
        threading.Thread(target=self._open, name=f"open {self._name}", daemon=True).start()

    def take(self) -> T | None:
        """The part that is ready, which the caller now owns; None if there is none."""
        if self._ready is None:
            return None
        with self._lock:
            ready, self._ready = self._ready, None
            return ready

    def close(self) -> None:
        """Open no more, and close the one nobody took."""
        with self._lock:
            self._closed = True
            ready, self._ready = self._ready, None
        if ready is not None:
            ready.close()

    def _open(self) -> None:
        opened: T | None = None
        try:
            opened = self._open_part()
        except Exception as error:  # of any kind: the part will be tried again
            self._say(f"{self._name} cannot be opened again: {describe(error)}")
        with self._lock:
            self._opening = False
            if not self._closed:
                self._ready = opened
                return
        if opened is not None:
            opened.close()

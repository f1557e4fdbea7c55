"""`LatestSlot`: the only thing between two stages. It holds one item, so nothing can queue up."""

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Capacity 1. With `blocking=False` a put overwrites what was not taken, and counts it; with True it waits.

    One thread puts, one takes. An item taken is the taker's until its next successful `take`; after that, and after an
    overwrite, the putter gets it back from `spare()` to write over its arrays, so a running loop allocates nothing.
    """

    def __init__(self, *, blocking: bool = False) -> None:
        self.dropped = 0
        self._blocking = blocking
        self._item: T | None = None
        self._lent: T | None = None
        self._spares: deque[T] = deque(maxlen=2)  # all that can come free between two puts
        self._closed = False
        self._changed = threading.Condition()

    @property
    def ended(self) -> bool:
        """True when the slot is closed and its last item was taken: `take` gives None for ever."""
        with self._changed:
            return self._closed and self._item is None

    def put(self, item: T) -> bool:
        """Hand over `item`. False when the slot was closed: nobody will ever take it."""
        with self._changed:
            while self._blocking and self._item is not None and not self._closed:
                self._changed.wait()
            if self._closed:
                return False
            if self._item is not None:
                self.dropped += 1
                self._spares.append(self._item)
            self._item = item
            self._changed.notify_all()
            return True

    def take(self, timeout_s: float | None = None) -> T | None:
        """The newest item, waiting for it up to `timeout_s` (None: for ever). None on a timeout, or when `ended`."""
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout_s)
            item, self._item = self._item, None
            if item is not None:
                if self._lent is not None:
                    self._spares.append(self._lent)
                self._lent = item
                self._changed.notify_all()
            return item

    def spare(self) -> T | None:
        """An item that nobody looks at any more, for its arrays to be written over; None while there is none."""
        with self._changed:
            return self._spares.pop() if self._spares else None

    def close(self) -> None:
        """No more puts. The item inside can still be taken; whoever waits wakes up."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

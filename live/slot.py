"""`LatestSlot`: the only thing between two stages. It holds one item, so nothing can queue up."""

import threading
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Capacity 1. With `blocking=False` a put overwrites an item not yet taken and counts it in `dropped`; with True it
    waits.

    One thread puts, one takes. A taken item belongs to the taker until its next successful `take`; after that, or when
    overwritten, the putter gets it back from `spare()` to reuse its arrays, so a running loop allocates nothing.
    """

    def __init__(self, *, blocking: bool = False) -> None:
        self.dropped = 0
        self._blocking = blocking
        self._item: T | None = None
        self._lent: T | None = None
        self._spares: deque[T] = deque(maxlen=2)  # no more can come free between two puts
        self._closed = False
        self._changed = threading.Condition()

    @property
    def ended(self) -> bool:
        """True when the slot is closed and its last item was taken: from now on `take` returns None."""
        with self._changed:
            return self._closed and self._item is None

    def put(self, item: T) -> bool:
        """Hand over `item`. False if the slot is closed: nobody will take it."""
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
        """The newest item, after waiting up to `timeout_s` (None: forever). None on a timeout, or when `ended`."""
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
        """An item no longer in use, whose arrays may be overwritten; None if there is none."""
        with self._changed:
            return self._spares.pop() if self._spares else None

    def close(self) -> None:
        """Accept no more puts and wake all waiters. An item inside can still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

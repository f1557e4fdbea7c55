"""`Watchdog`: makes the calls to one part in a thread of its own, and leaves that behind when a call hangs."""

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from live.puppet.errors import PuppetError

_PATIENCE_S = 2.0  # many times what the slowest machine takes for one picture
_LOOK_S = 0.05  # waited for at a time, and counted as no more: a machine that is too busy, or sleeps, is not a hang
_MOST_LEFT = 3  # threads that hang; beyond that no more calls are made until one of them comes back

T = TypeVar("T")
_Work = Callable[[], object]
_Answer = tuple[object, BaseException | None]


class HungError(PuppetError):
    """A call that gave no answer in time."""


class Watchdog:
    """Used from one thread. `patient`: no thread, no limit; whoever waits has all the time there is."""

    def __init__(self, name: str, *, patient: bool = False) -> None:
        self._name, self._patient = name, patient
        self._visit: _Visit | None = None
        self._left: list[_Visit] = []

    def call(
        self,
        work: Callable[[], T],
        *,
        hangs: Callable[[], None] = lambda: None,
        back: Callable[[], None] = lambda: None,
    ) -> T:
        """What `work` gives, or raises. Raises HungError after 2 s, having called `hangs`; `back` is called when it
        comes back after all, in the thread that was left behind.
        """
        if self._patient:
            return work()
        self._left = [visit for visit in self._left if visit.is_alive()]
        if len(self._left) >= _MOST_LEFT:
            raise PuppetError("no call is made any more", got=f"{_MOST_LEFT} calls that never ended")
        if self._visit is None:
            self._visit = _Visit(self._name)
            self._visit.start()
        visit = self._visit
        visit.work.put(work)
        answer = visit.wait()
        if answer is None:
            self._visit = None
            self._left.append(visit)
            hangs()
            visit.leave(back)
            raise HungError(f"no answer for {_PATIENCE_S:g} s")
        value, error = answer
        if error is not None:
            raise error
        return value  # type: ignore[return-value]

    def close(self) -> None:
        """End the thread, if it does not hang; may be called twice."""
        visit, self._visit = self._visit, None
        if visit is not None:
            visit.leave(lambda: None)
            visit.join(_PATIENCE_S)


class _Visit(threading.Thread):
    """One thread, from its first call to the one that hangs."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self.answer: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._back: Callable[[], None] = lambda: None

    def wait(self) -> _Answer | None:
        """The answer to the last call; None when there is none in time."""
        for _ in range(round(_PATIENCE_S / _LOOK_S)):
            with contextlib.suppress(queue.Empty):
                return self.answer.get(timeout=_LOOK_S)
        return None

    def leave(self, back: Callable[[], None]) -> None:
        """Nobody waits for it any more."""
        self._back = back
        self.work.put(None)

    def run(self) -> None:
        while (work := self.work.get()) is not None:
            try:
                self.answer.put((work(), None))
            except BaseException as error:
                self.answer.put((None, error))
            del work  # it holds a camera picture
        self._back()

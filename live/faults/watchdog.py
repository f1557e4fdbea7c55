"""`Watchdog`: makes the calls to one part in its own thread, and abandons that thread when a call hangs."""

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

from live.puppet.errors import PuppetError

_PATIENCE_S = 2.0  # many times what the slowest machine takes for one picture
_LOOK_S = 0.05  # one wait, counted as just this long even if the machine was busy or asleep: that is not a hang
_MOST_LEFT = 3  # hung threads; beyond that no calls are made until one of them returns

T = TypeVar("T")
_Work = Callable[[], object]
_Answer = tuple[object, BaseException | None]


class HungError(PuppetError):
    """A call did not return in time."""


class Watchdog:
    """Used from one thread. `patient`: no extra thread and no time limit."""

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
        """Return what `work` returns, or raise what it raises. After 2 s, calls `hangs` and raises HungError. If `work`
        returns after all, `back` is called in the abandoned thread. Raises PuppetError while three calls hang.
        """
        if self._patient:
            return work()
        self._left = [visit for visit in self._left if visit.is_alive()]
        if len(self._left) >= _MOST_LEFT:
            raise PuppetError("no further call is made", got=f"{_MOST_LEFT} calls that have not returned")
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
        """End the thread unless it hangs. May be called twice."""
        visit, self._visit = self._visit, None
        if visit is not None:
            visit.leave(lambda: None)
            visit.join(_PATIENCE_S)


class _Visit(threading.Thread):
    """One thread, from its first call until a call hangs."""

    def __init__(self, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.work: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self.answer: queue.SimpleQueue[_Answer] = queue.SimpleQueue()
        self._back: Callable[[], None] = lambda: None

    def wait(self) -> _Answer | None:
        """The last call's answer; None if it does not come in time."""
        for _ in range(round(_PATIENCE_S / _LOOK_S)):
            with contextlib.suppress(queue.Empty):
                return self.answer.get(timeout=_LOOK_S)
        return None

    def leave(self, back: Callable[[], None]) -> None:
        """Stop waiting for it; it ends after its current call, then calls `back`."""
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

import threading
from typing import Any

import numpy as np
import pytest

from train.dataset.prefetch import AHEAD, Prefetch
from train.dataset.share import WHOLE, Share


class Counting:
    """A source whose n-th batch is the number n, and whose state is the next number."""

    def __init__(self, at: int = 0, *, fails_at: int = -1) -> None:
        self.at, self._fails_at, self.drawn = at, fails_at, threading.Semaphore(0)
        self.threads: set[int] = set()
        self.shares: set[Share] = set()

    def sample(self, share: Share = WHOLE) -> Any:
        self.threads.add(threading.get_ident())
        self.shares.add(share)
        if self.at == self._fails_at:
            raise ValueError("no more frames")
        self.at += 1
        self.drawn.release()
        return np.array([self.at - 1])

    def state(self) -> dict[str, Any]:
        return {"at": self.at}


def test_batches_come_in_order_from_another_thread_and_for_this_share() -> None:
    source = Counting()
    ahead: Any = Prefetch(source, Share(1, 2))  # its batches are numbers
    assert [int(ahead.sample()[0]) for _ in range(20)] == list(range(20))
    ahead.close()
    assert threading.get_ident() not in source.threads and source.shares == {Share(1, 2)}


def test_so_many_are_drawn_ahead_and_no_more() -> None:
    source = Counting()
    ahead = Prefetch(source)
    for _ in range(AHEAD):
        assert source.drawn.acquire(timeout=30)
    ahead.close()
    assert source.at == AHEAD


def test_the_state_is_that_of_the_batches_that_were_used() -> None:
    ahead = Prefetch(Counting(5))
    assert ahead.state() == {"at": 5}
    ahead.sample()
    ahead.sample()
    ahead.close()
    assert ahead.state() == {"at": 7}


def test_a_failure_is_raised_where_the_batch_is_asked_for_again_and_again() -> None:
    ahead = Prefetch(Counting(fails_at=2))
    ahead.sample(), ahead.sample()
    for _ in range(2):
        with pytest.raises(ValueError, match="no more frames"):
            ahead.sample()
    ahead.close()
    assert ahead.state() == {"at": 2}


def test_a_closed_one_leaves_no_thread_and_can_be_closed_twice() -> None:
    before = threading.active_count()
    ahead = Prefetch(Counting())
    ahead.close()
    ahead.close()
    assert threading.active_count() == before

import os
import signal
from collections.abc import Iterator

import pytest

from train.training.interrupt import Interrupt


def clock(*times_s: float) -> Iterator[float]:
    return iter(times_s)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_is_a_wish_and_a_later_one_stops_at_once(number: signal.Signals) -> None:
    times = clock(0.0, 2.0)
    with pytest.raises(KeyboardInterrupt), Interrupt(clock=lambda: next(times)).listening() as interrupt:
        assert not interrupt.wanted
        os.kill(os.getpid(), number)
        assert interrupt.wanted
        os.kill(os.getpid(), number)


def test_a_signal_that_comes_by_two_ways_is_one_wish() -> None:
    times = clock(0.0, 0.1, 0.9, 1.1)
    interrupt = Interrupt(clock=lambda: next(times))
    for _ in range(3):
        interrupt(signal.SIGINT, None)
    with pytest.raises(KeyboardInterrupt):
        interrupt(signal.SIGINT, None)


def test_signals_are_passed_on() -> None:
    told: list[int] = []
    Interrupt(told.append)(signal.SIGTERM, None)
    assert told == [signal.SIGTERM]


def test_the_old_handlers_come_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interrupt().listening():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before

"""What fails is said once, opened anew, and ends a run that nobody watches."""

import pytest

from engines.errors import EngineError
from engines.messages import Detail, Info
from live.clock import FakeClock
from live.faults.fault_policy import FaultPolicy
from live.faults.replacement import Replacement
from tests.live.fakes import Meter
from tests.live.patience import until


class Told:
    """A Trouble on a fake clock, what it said and how often it asked for the part anew."""

    def __init__(self, *, realtime: bool = True, live: bool = True) -> None:
        self.said, self.asked, self.clock = list[str](), Meter(), FakeClock()
        self.faults = FaultPolicy(
            "the engine",
            "showing a card",
            self.asked.add,
            say=self.said.append,
            clock=self.clock,
            realtime=realtime,
            live=live,
        )

    def lines(self) -> list[str]:
        return [text for text in self.said if not isinstance(text, Detail)]

    def fails(self, times: int = 1, error: Exception | None = None) -> None:
        for _ in range(times):
            try:
                raise error or ZeroDivisionError("a bug")
            except Exception as caught:
                self.faults.add(caught)

    def works(self, times: int) -> None:
        for _ in range(times):
            self.faults.clear()


def test_a_series_of_failures_is_said_once_with_its_type_and_the_log_gets_the_traceback() -> None:
    told = Told()
    told.fails(5)
    told.works(3)
    told.fails(5)
    assert told.lines() == ["the engine failed, showing a card until it works again: ZeroDivisionError: a bug"]
    (traceback,) = (text for text in told.said if isinstance(text, Detail))
    assert traceback.startswith("Traceback") and "in fails" in traceback
    told.works(30)
    assert told.lines()[1:] == ["the engine works again"] and isinstance(told.said[-1], Info)
    told.fails()
    assert len(told.lines()) == 3


def test_an_error_of_ours_is_said_without_a_type() -> None:
    told = Told()
    told.fails(error=EngineError("the device was lost"))
    assert told.lines() == ["the engine failed, showing a card until it works again: the device was lost"]


def test_a_part_that_goes_on_to_fail_is_opened_anew_after_growing_pauses() -> None:
    told = Told()
    for _ in range(30 * 60):
        told.clock.now_s += 1 / 30
        told.fails()
    assert told.asked.count == 4, "at 0, 4, 12 and 28 s"
    told.works(30)
    told.fails()
    assert told.asked.count == 5, "what has worked for a second is opened at once"


@pytest.mark.parametrize(("realtime", "live", "failures"), [(False, True, 1), (False, False, 1), (True, False, 10)])
def test_a_run_that_nobody_watches_ends_with_the_error(realtime: bool, live: bool, failures: int) -> None:
    told = Told(realtime=realtime, live=live)
    told.fails(failures - 1)
    with pytest.raises(ZeroDivisionError):
        told.fails()


class Part:
    """Knows whether it was closed."""

    closed = False

    def close(self) -> None:
        self.closed = True


def test_a_replacement_that_nobody_took_is_closed_also_one_that_is_still_being_opened() -> None:
    begun, gate = Meter(), Meter()
    made: list[Part] = []

    def open_part() -> Part:
        begun.add()
        gate.wait_for(len(made) + 1)
        made.append(Part())
        return made[-1]

    replacement = Replacement("the part", open_part, print)
    replacement.ask()
    replacement.ask()
    begun.wait_for(1)
    assert replacement.take() is None
    gate.add()
    taken = until(replacement.take)
    assert not taken.closed and begun.count == 1
    replacement.ask()
    begun.wait_for(2)
    replacement.close()
    gate.add()
    until(lambda: len(made) == 2 and made[1].closed)


def test_a_part_that_cannot_be_opened_anew_is_said_and_may_be_asked_for_again() -> None:
    said: list[str] = []

    def fail() -> Part:
        raise OSError("no memory")

    replacement = Replacement("the part", fail, said.append)
    for count in (1, 2):
        replacement.ask()
        until(lambda count=count: len(said) == count)  # type: ignore[misc]
        until(lambda: not replacement._opening)
    assert set(said) == {"the part cannot be opened again: OSError: no memory"}

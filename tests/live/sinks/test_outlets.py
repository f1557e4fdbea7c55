"""In real time each sink has a thread and a slot of its own: none holds up another, and hidden none sends a picture."""

import threading
from pathlib import Path

import numpy as np
import pytest

from engines.arrays import U8
from live.clock import SystemClock
from live.puppet.errors import SinkError
from live.puppet.values import Frame, PuppetFrame
from live.sinks import outlet
from live.sinks.output_override import NO_PICTURE
from live.sinks.several import Sinks
from live.telemetry.report import Report
from tests.live.fakes import REALTIME, Collector, ColourSource, ListedEstimator, Meter, fake_loop
from tests.live.patience import PATIENCE_S, until
from tests.live.tiny_target import walking

SIZE = (8, 8)


def picture(number: int) -> PuppetFrame:
    image: U8 = np.full((8, 8, 3), number, np.uint8)
    return PuppetFrame(number, float(number), image, np.zeros((8, 8), np.uint8))


class Slow(Collector):
    """Notes the ids and threads; each send waits for the gate."""

    def __init__(self, name: str = "slow", *, shut: bool = False) -> None:
        super().__init__()
        self.name, self.gate, self.taken, self.ids = name, threading.Event(), Meter(), list[int]()
        self.threads: set[str] = set()
        self.error: Exception | None = None
        if not shut:
            self.gate.set()

    def open(self, size: tuple[int, int], fps: float) -> None:
        self.threads.add(threading.current_thread().name)

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        self.threads.add(threading.current_thread().name)
        self.taken.add()
        self.gate.wait(PATIENCE_S)
        if self.error is not None:
            raise self.error
        self.ids.append(frame.frame_id)
        return super().send(frame, tick)

    def close(self, *, complete: bool) -> None:
        self.threads.add(threading.current_thread().name)
        super().close(complete=complete)


def opened(*sinks: Slow, report: Report | None = None, said: list[str] | None = None) -> Sinks:
    outputs = Sinks(list(sinks), (said if said is not None else []).append, realtime=True, report=report)
    outputs.open(SIZE, 30.0)
    return outputs


def test_an_output_that_takes_for_ever_holds_up_none_and_its_drops_are_counted() -> None:
    slow, quick, report = Slow(shut=True), Slow("quick"), Report(0.0)
    sinks = opened(slow, quick, report=report)
    report.sinks = sinks
    for number in range(20):
        sinks.send(picture(number), number)
        quick.taken.wait_for(number + 1)
        slow.taken.wait_for(1)
    until(lambda: len(quick.ids) == 20)
    slow.gate.set()
    sinks.close(complete=True)
    assert quick.ids == list(range(20))
    assert slow.ids == [0, 19], "the newest wins"
    assert report.to_json()["frames"]["dropped_by_sink"] == {"slow": 18, "quick": 0}
    assert report.sent.count == 2, "what the first output took is what was sent"
    assert slow.complete is True and all((image == image[0, 0, 0]).all() for image in slow.images)


def test_a_picture_is_the_sinks_own_however_long_it_looks_at_it() -> None:
    slow = Slow(shut=True)
    sinks = opened(slow)
    frame = picture(7)
    sinks.send(frame, 0)
    slow.taken.wait_for(1)
    frame.image.fill(99)
    slow.gate.set()
    sinks.close(complete=True)
    assert (slow.images[0] == 7).all()


def test_each_sink_lives_in_one_thread_and_a_window_in_the_one_that_opened_it() -> None:
    own, window = Slow("own"), Slow("window")
    window.needs_main_thread = True  # type: ignore[attr-defined]
    sinks, done = opened(own, window), threading.Event()

    def pump() -> None:
        for number in range(10):
            sinks.send(picture(number), number)
            window.taken.wait_for(number + 1)
        done.set()

    pumping = threading.Thread(target=pump)
    pumping.start()
    sinks.serve(done)
    pumping.join(PATIENCE_S)
    sinks.close(complete=True)
    assert own.threads == {"sink own"} and window.threads == {threading.current_thread().name}
    assert window.ids == list(range(10)) and window.complete is own.complete is True


def test_the_main_thread_never_waits_for_long_since_windows_hears_no_ctrl_c_meanwhile() -> None:
    class Done(threading.Event):
        waits: list[float | None] = []

        def wait(self, timeout: float | None = None) -> bool:
            self.waits.append(timeout)
            self.set()
            return True

    done = Done()
    opened(Slow()).serve(done)
    assert [wait is not None and wait <= 0.5 for wait in done.waits] == [True]


def test_when_hide_returns_no_picture_leaves_from_any_thread() -> None:
    sinks_ = [Slow("a"), Slow("b"), Slow("c")]
    sinks, done, numbers = opened(*sinks_), threading.Event(), iter(range(10**9))

    def pump() -> None:
        while not done.is_set():
            sinks.send(picture(number := next(numbers) % 200), number)

    pumping = threading.Thread(target=pump)
    pumping.start()
    for _ in range(30):
        before = [one.taken.count for one in sinks_]
        for one, count in zip(sinks_, before, strict=True):
            one.taken.wait_for(count + 2)
        sinks.hide(True)
        at = [len(one.ids) for one in sinks_]
        for one, count in zip(sinks_, at, strict=True):
            one.taken.wait_for(count + 4)
        assert all(set(one.ids[count:]) <= {NO_PICTURE} for one, count in zip(sinks_, at, strict=True))
        sinks.hide(False)
    done.set()
    pumping.join(PATIENCE_S)
    sinks.close(complete=True)


def test_a_picture_that_waits_for_a_slow_output_is_hidden_too() -> None:
    slow = Slow(shut=True)
    sinks = opened(slow)
    sinks.send(picture(1), 0)
    slow.taken.wait_for(1)
    sinks.send(picture(2), 1)  # in its slot
    hiding = threading.Thread(target=sinks.hide, args=(True,))
    hiding.start()
    hiding.join(0.05)
    assert hiding.is_alive(), "one is just leaving"
    slow.gate.set()
    hiding.join(PATIENCE_S)
    sinks.close(complete=True)
    assert slow.ids == [1, NO_PICTURE]


@pytest.mark.parametrize("error", [SinkError("the disk is full"), ValueError("a bug")])
def test_an_output_that_fails_in_its_thread_is_said_closed_and_out(error: Exception) -> None:
    bad, good, said = Slow("bad"), Slow("good"), list[str]()
    sinks = opened(bad, good, said=said)
    bad.error = error
    sinks.send(picture(0), 0)
    until(lambda: bad.complete is False and good.ids)
    assert sinks.names == ["good"] and len(sinks.failed) == 1
    sinks.send(picture(1), 1)
    sinks.close(complete=True)
    assert good.ids == [0, 1] and said[-1].startswith("output lost: ")
    assert said[-1].endswith("ValueError: a bug" if isinstance(error, ValueError) else "the disk is full")


def test_an_output_that_cannot_be_opened_says_so_where_it_was_asked_for() -> None:
    class Shut(Slow):
        def open(self, size: tuple[int, int], fps: float) -> None:
            raise SinkError("there is no such device")

    first = Slow("first")
    with pytest.raises(SinkError, match="no such device"):
        opened(first, Shut("shut"))
    assert first.complete is False
    sinks = opened(first)
    with pytest.raises(SinkError, match="no such device"):
        sinks.add(Shut("shut"))
    assert sinks.names == ["first"]
    sinks.close(complete=True)


def test_an_output_that_hangs_is_told_and_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlet, "_CLOSE_S", 0.01)
    monkeypatch.setattr("live.sinks.several._STUCK_S", 0.0)
    slow, said = Slow(shut=True), list[str]()
    sinks = opened(slow, said=said)
    sinks.send(picture(0), 0)
    slow.taken.wait_for(1)
    for number in (1, 2):
        sinks.send(picture(number), number)
    sinks.close(complete=True)
    assert [text.partition(";")[0] for text in said] == [
        "slow has taken no picture for 0 s",
        "output lost: slow hangs and was left behind",
    ]
    slow.gate.set()


class Awaited(ColourSource):
    """Reads on when `quick` has taken as many pictures, and opens the gate of `slow` at the 20th."""

    def __init__(self, quick: Slow, slow: Slow) -> None:
        super().__init__(30)
        self._quick, self._slow = quick, slow

    def read(self) -> Frame | None:
        self._quick.taken.wait_for(self._next_id)
        if self._next_id == 20:
            self._slow.gate.set()
        return super().read()


def test_the_loop_goes_on_beside_an_output_that_takes_for_ever(tiny: Path) -> None:
    slow, quick = Slow(shut=True), Slow("quick")
    loop, _, _ = fake_loop(
        Awaited(quick, slow),
        ListedEstimator(walking(30)),
        tiny,
        sinks=[slow, quick],
        clock=SystemClock(),
        config=REALTIME,
    )
    loop.run()
    assert slow.ids[0] == 0 and slow.ids[-1] == quick.ids[-1] == 29, "both end with the last picture"
    assert len(quick.ids) >= 20 > len(slow.ids)

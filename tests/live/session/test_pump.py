"""The pump: one send in each window, new pictures at once, the last good one again when there is nothing new."""

import threading

import numpy as np

from live.clock import FakeClock
from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.session.pump import Pump
from live.sinks.several import Sinks
from live.telemetry.report import Report

FPS = 10.0


def picture(frame_id: int = 0, t_s: float = 0.0, colour: int = 0) -> PuppetFrame:
    return PuppetFrame(frame_id, t_s, np.full((2, 2, 3), colour, np.uint8), np.zeros((2, 2), np.uint8))


class Arrivals:
    """A slot into which frames fall at given times; waiting on it moves the clock."""

    def __init__(self, clock: FakeClock, times_s: list[float], end_s: float) -> None:
        self.clock, self.times_s, self.end_s = clock, times_s, end_s
        self.next = 0

    @property
    def ended(self) -> bool:
        return self.next == len(self.times_s) and self.clock.now() >= self.end_s

    def take(self, timeout_s: float | None = None) -> PuppetFrame | None:
        until = self.clock.now() + (timeout_s or 0.0)
        due = [i for i in range(self.next, len(self.times_s)) if self.times_s[i] <= self.clock.now()]
        if due:
            self.next = due[-1] + 1  # newest wins
        elif self.next < len(self.times_s) and self.times_s[self.next] <= until:
            self.clock.now_s = self.times_s[self.next]
            self.next += 1
        else:
            self.clock.now_s = until
            return None
        return picture(self.next - 1, self.times_s[self.next - 1])


class Recorder:
    """A sink that notes when it was sent what; `cost_s` moves the clock; fails or is closed by the user at a send."""

    def __init__(self, clock: FakeClock, *, cost_s: float = 0.0, fail_at: int = -1, closed_at: int = -1) -> None:
        self.name, self.clock, self.cost_s = "recorder", clock, cost_s
        self.fail_at, self.closed_at = fail_at, closed_at
        self.sends: list[tuple[float, int]] = []
        self.closed: bool | None = None

    def open(self, size: tuple[int, int], fps: float) -> None:
        return None

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        if len(self.sends) == self.fail_at:
            raise SinkError("the disk is full")
        self.sends.append((self.clock.now(), tick))
        self.clock.now_s += self.cost_s
        return len(self.sends) != self.closed_at

    def close(self, *, complete: bool) -> None:
        self.closed = complete


def pumped(times_s: list[float], end_s: float, *sinks: Recorder, clock: FakeClock, realtime: bool = True) -> Report:
    report = Report(0.0)
    for number, at in enumerate(times_s):
        report.frame_captured(number, at)
    slot = Arrivals(clock, times_s, end_s)
    outputs = Sinks(list(sinks), lambda _: None, clock=clock, report=report)
    outputs.open((2, 2), FPS)
    Pump(slot, outputs, FPS, clock, threading.Event(), realtime=realtime).run()
    return report


def test_each_window_has_exactly_one_send_and_a_new_picture_does_not_wait_for_a_beat() -> None:
    clock = FakeClock()
    sink = Recorder(clock)
    times = [0.0, 0.15, 0.31, 0.47, 0.63]  # slower than the pump
    report = pumped(times, 0.95, sink, clock=clock)
    ticks = [tick for _, tick in sink.sends]
    assert ticks == list(range(len(ticks)))
    assert 9 <= len(ticks) <= 10
    assert report.capture_to_send.count == 5
    assert report.capture_to_send.max_s < 1e-6, "each was sent the moment it came"


def test_the_last_good_picture_is_repeated_when_the_generator_stalls() -> None:
    clock = FakeClock()
    sink = Recorder(clock)
    report = pumped([0.0], 1.0, sink, clock=clock)
    assert 9 <= len(sink.sends) <= 11
    assert report.capture_to_send.count == 1


def test_a_generator_that_is_exchanged_for_a_second_costs_no_window() -> None:
    clock = FakeClock()
    sink = Recorder(clock)
    # Ten a second, then none for a second while the engine is exchanged, then ten a second again.
    report = pumped([*(0.1 * i for i in range(20)), *(3.0 + 0.1 * i for i in range(20))], 5.0, sink, clock=clock)
    assert [tick for _, tick in sink.sends] == list(range(len(sink.sends)))
    assert abs(len(sink.sends) - 50) <= 1 and report.capture_to_send.count == 40


def test_a_source_of_the_same_rate_soon_waits_for_no_window() -> None:
    clock = FakeClock()
    sink = Recorder(clock)
    # The first picture is late by 60 ms (everything is slow at first), so each later one comes in a used window.
    report = pumped([0.06, *(0.1 * i for i in range(1, 200))], 20.0, sink, clock=clock)
    sends = len(sink.sends)
    assert report.capture_to_send.quantile(0.8) < 0.006
    assert abs(sends - 200) <= 2, "the rate is still the nominal one"


def test_a_faster_generator_does_not_speed_up_the_output() -> None:
    clock = FakeClock()
    sink = Recorder(clock)
    pumped([0.03 * i for i in range(1000)], 30.0, sink, clock=clock)
    assert abs(len(sink.sends) - 300) <= 3


def test_a_sink_that_blocks_costs_beats_but_never_lag() -> None:
    clock = FakeClock()
    sink = Recorder(clock, cost_s=0.25)
    report = pumped([0.05 * i for i in range(200)], 10.0, sink, clock=clock)
    ticks = [tick for _, tick in sink.sends]
    assert max(b - a for a, b in zip(ticks, ticks[1:], strict=False)) <= 4
    assert abs(ticks[-1] / FPS - sink.sends[-1][0]) < 0.2, "a beat stands for a time, also after skipping some"
    assert report.capture_to_send.max_s < 0.25 + 0.15


def test_without_real_time_each_picture_is_sent_once_at_its_own_time() -> None:
    clock = FakeClock()
    sink = Recorder(clock)
    pumped([0.0, 0.4, 0.41, 0.9], 1.0, sink, clock=clock, realtime=False)
    assert [tick for _, tick in sink.sends] == [0, 4, 5, 9]


def test_one_failing_sink_does_not_lose_the_others() -> None:
    clock = FakeClock()
    said: list[str] = []
    bad, good = Recorder(clock, fail_at=2), Recorder(clock)
    sinks = Sinks([bad, good], said.append)
    sinks.open((2, 2), FPS)
    for tick in range(5):
        sinks.send(picture(), tick)
    sinks.close(complete=True)
    assert len(good.sends) == 5
    assert good.closed is True
    assert bad.closed is False
    assert [str(error) for error in sinks.failed] == ["the disk is full"]
    assert said == ["output lost: the disk is full"]


def test_the_run_ends_when_the_last_sink_is_closed_by_the_user() -> None:
    clock = FakeClock()
    sink = Recorder(clock, closed_at=3)
    pumped([0.0], 100.0, sink, clock=clock)
    assert len(sink.sends) == 3
    assert sink.closed is True

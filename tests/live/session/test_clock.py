"""The time of day is for people: nothing in the loop goes by it, so it may be set back; and a machine may sleep."""

from dataclasses import replace
from pathlib import Path

from live.clock import FakeClock
from live.puppet.values import Frame
from tests.live.fakes import REALTIME, Collector, ColourSource, ListedEstimator, Meter, WatchedGenerator, fake_loop
from tests.live.patience import until
from tests.live.tiny_target import walking

ROOT = Path(__file__).resolve().parents[3]
OF_THE_DAY = ("time.time(", "datetime.now(", "datetime.utcnow(", "time.localtime(", "time.gmtime(", "strftime(")
FOR_PEOPLE = {"log.py", "recorder.py"}  # what is written before a line, and the name of a new file


def test_nothing_goes_by_the_time_of_day() -> None:
    found = {
        path.name
        for path in (ROOT / "live").rglob("*.py")
        if any(word in path.read_text(encoding="utf-8") for word in OF_THE_DAY)
    }
    assert found <= FOR_PEOPLE


class Sleeper(ColourSource):
    """After its 20th frame the machine sleeps for an hour; reads on when the one before was estimated."""

    def __init__(self, clock: FakeClock, seen: Meter, sink: Collector) -> None:
        super().__init__(40, live=True, clock=clock)
        self._of, self._seen, self._sink = clock, seen, sink

    def read(self) -> Frame | None:
        self._seen.wait_for(self._next_id)
        if self._next_id == 20:
            until(lambda: self._sink.ticks)  # on a busy machine the first picture may be sent as late as this
            self._of.now_s += 3600.0
        return super().read()


def test_an_hour_of_sleep_is_skipped_and_the_show_goes_on(tiny: Path) -> None:
    clock, seen, sink, generator = FakeClock(), Meter(), Collector(), WatchedGenerator()
    said: list[str] = []
    loop, report, _ = fake_loop(
        Sleeper(clock, seen, sink),
        ListedEstimator(walking(40), after=seen.add),
        tiny,
        sinks=[sink],
        generator=generator,
        clock=clock,
        config=replace(REALTIME, fps=30),
        said=said,
    )
    loop.run()
    skips = [after - before for before, after in zip(sink.ticks, sink.ticks[1:], strict=False)]
    assert max(skips) >= 3599 * 30 and report.captured.count == 40 and said == []
    assert report.to_json()["person"]["resets"] >= 1, "the picture from before the sleep is not fed back"
    assert [frame_id for frame_id, _ in generator.stamps][-1] == 39

"""What hangs is left behind, told and counted; the puppet idles, or a card stands, until the part was opened anew."""

import queue
import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from engines.arrays import U8
from live.faults import watchdog as watchdog
from live.faults.watchdog import HungError, Watchdog
from live.puppet.errors import PuppetError
from live.puppet.values import Frame, Pose
from live.scene.settings import SceneSettings
from tests.live.fakes import Meter
from tests.live.patience import PATIENCE_S, until
from tests.live.scenery import Engines, WatchedEngine, write_scenery
from tests.live.session.test_show_goes_on import BROKEN, FRAMES, Fallible, Show


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "_PATIENCE_S", 0.4)


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenery(tmp_path_factory.mktemp("scenery"))


def test_calls_are_made_in_one_thread_of_their_own_and_give_what_they_give() -> None:
    one = Watchdog("part")
    names = {one.call(lambda: threading.current_thread().name) for _ in range(3)}
    assert names == {"part"}
    with pytest.raises(ZeroDivisionError):
        one.call(lambda: 1 / 0)
    assert one.call(lambda: 5) == 5
    one.close()
    one.close()
    assert Watchdog("part", patient=True).call(threading.current_thread) is threading.current_thread()


def test_a_call_that_hangs_is_left_behind_and_no_more_than_three(impatient: None) -> None:
    one, gate, back = Watchdog("part"), threading.Event(), Meter()
    for _ in range(3):
        assert one.call(lambda: 5) == 5
        with pytest.raises(HungError, match="no answer"):
            one.call(lambda: gate.wait(PATIENCE_S), back=back.add)
    with pytest.raises(PuppetError, match="3 calls that have not returned") as error:
        one.call(lambda: 5)
    assert not isinstance(error.value, HungError) and back.count == 0
    gate.set()
    back.wait_for(3)
    until(lambda: not any(visit.is_alive() for visit in one._left))
    assert one.call(lambda: 5) == 5
    one.close()


def test_a_wait_that_took_long_by_the_clock_alone_is_no_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Watchdog("part")
    one.call(lambda: None)
    assert one._visit is not None
    waits = iter([queue.Empty()] * 30)  # the machine slept, or had no turn for us: each of them may have been a minute

    class Late:
        def get(self, timeout: float) -> tuple[object, None]:
            if (late := next(waits, None)) is not None:
                raise late
            return 5, None

        def put(self, answer: object) -> None:
            return None

    one._visit.answer = Late()  # type: ignore[assignment]
    assert one.call(lambda: 5) == 5
    monkeypatch.setattr(watchdog, "_PATIENCE_S", 0.2)
    waits = iter([queue.Empty()] * 30)
    with pytest.raises(HungError):
        one.call(lambda: 5)


def test_an_estimator_that_hangs_idles_and_is_opened_anew(scenery: Path, impatient: None) -> None:
    gate = threading.Event()

    class Hanging(Fallible):
        def estimate(self, frame: Frame) -> Pose:
            if frame.frame_id == BROKEN:
                gate.wait(PATIENCE_S)
            return super().estimate(frame)

    show = Show(scenery, lambda show: show.loop.parts.poses._estimator is show.estimators[-1] is not first)
    first = show.estimators[0] = Hanging()
    show.loop.parts.poses._estimator = first
    show.run()
    assert show.lines() == ["the pose estimator failed, the puppet idles until it works again: no answer for 0.4 s"]
    assert show.report.person == "in view" and not show.sink.holds_camera_colour()
    changes = [(change["name"], change["value"]) for change in show.report.to_json()["changes"]]
    assert changes == [("left behind", "the pose estimator")]
    assert (first.closed, show.estimators[1].closed) == (False, True), "nobody closes what is in use"
    gate.set()
    until(lambda: first.closed)


class HangingEngine(WatchedEngine):
    """Its 20th run waits for the gate."""

    gate: threading.Event

    def run(self, feeds: Mapping[str, U8]) -> Mapping[str, U8]:
        if self.runs == BROKEN:
            self.gate.wait(PATIENCE_S)
            assert self.closed_by is None
        return super().run(feeds)


class OneHangs(Engines):
    """The first engine hangs, those after it do not."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()

    def open(self, network: object, settings: SceneSettings) -> WatchedEngine:
        if self.opened:
            return super().open(network, settings)
        engine = HangingEngine("red", settings)
        engine.gate = self.gate
        self.opened.append(engine)
        return engine


def test_an_engine_that_hangs_is_a_card_and_the_scene_is_opened_anew(scenery: Path, impatient: None) -> None:
    engines = OneHangs()
    show = Show(
        scenery,
        lambda show: len(engines.opened) == 2 and show.loop.parts.scenes.current.cut == 1,
        engines=engines,
        before_last=lambda show: engines.opened[1].runs > 4,
    ).run()
    assert show.lines() == ["the engine failed, showing a card until it works again: no answer for 0.4 s"]
    assert show.estimated.count == FRAMES and not show.sink.holds_camera_colour()
    assert "left behind" in {change["name"] for change in show.report.to_json()["changes"]}
    hung, another = engines.opened
    assert hung.closed_by is None and another.closed_by is not None
    engines.gate.set()
    until(lambda: hung.closed_by == "draw")


def test_an_estimator_that_was_only_slow_goes_on(scenery: Path, impatient: None) -> None:
    gate = threading.Event()

    class Slow(Fallible):
        def estimate(self, frame: Frame) -> Pose:
            if frame.frame_id == BROKEN:
                gate.wait(PATIENCE_S)
            return super().estimate(frame)

    def back(show: Show) -> object:
        gate.set()
        return not show.loop.parts.poses._hung

    show = Show(scenery, back)
    first = show.loop.parts.poses._estimator = Slow()
    show.loop.parts.poses._replacement.ask = lambda: None  # type: ignore[method-assign]
    show.loop.parts.poses._estimator_faults._reopen = lambda: None
    show.run()
    assert show.loop.parts.poses._estimator is first and first.closed and show.report.person == "in view"

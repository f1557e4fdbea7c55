"""The loop when a part of it raises what nobody foresaw: live it goes on, with the part opened anew; else it ends."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.messages import Detail, Info
from live.control.director import Director
from live.puppet.condition import Conditioner
from live.puppet.values import Frame, Pose
from live.scene.idle_legs import IdleLegs
from live.scene.presence import Presence
from live.scene.scene import RenderJob
from tests.live.fakes import REALTIME, Collector, ColourSource, ListedEstimator, Meter, fake_loop
from tests.live.patience import until
from tests.live.scenery import Engines, WatchedEngine, write_scenery
from tests.live.tiny_target import walking

FRAMES, BROKEN = 80, 20


class Lockstep(ColourSource):
    """A camera that reads on when the frame before was seen to; before frame 50 and the last it waits as told."""

    def __init__(self, estimated: Meter, ready: Callable[[], object], before_last: Callable[[], object]) -> None:
        super().__init__(FRAMES, live=True)
        self._estimated, self._ready, self._before_last = estimated, ready, before_last

    def read(self) -> Frame | None:
        self._estimated.wait_for(self._next_id)
        if self._next_id == 50:
            until(self._ready)
        if self._next_id == FRAMES - 1:
            until(self._before_last)
        return super().read()


class Show:
    """A run with a camera in which `breaks` is called at frame 20, and may return what mends it before frame 50."""

    def __init__(
        self,
        scenery: Path,
        ready: Callable[["Show"], object],
        *,
        realtime: bool = True,
        engines: Engines | None = None,
        before_last: Callable[["Show"], object] = lambda show: True,
    ) -> None:
        self.engines, self.sink, self.said, self.estimated = engines or Engines(), Collector(), list[str](), Meter()
        self.estimators = [Fallible()]
        self.loop, self.report, _ = fake_loop(
            Lockstep(self.estimated, lambda: ready(self), lambda: before_last(self))
            if realtime
            else ColourSource(FRAMES, live=True),
            self.estimators[0],
            scenery / "red",
            sinks=[self.sink],
            said=self.said,
            config=replace(REALTIME, realtime=realtime),
            open_engine=self.engines.open,
            open_estimator=self._another,
        )

        poses = self.loop.parts.poses
        step = poses.step

        def counted(frame: Frame) -> RenderJob:
            shot = step(frame)
            self.estimated.add()
            return shot

        poses.step = counted  # type: ignore[method-assign]

    def _another(self) -> "Fallible":
        self.estimators.append(Fallible())
        return self.estimators[-1]

    def run(self) -> "Show":
        self.loop.parts.director.start()
        try:
            self.loop.run()
        finally:
            self.loop.parts.close()
        return self

    def lines(self) -> list[str]:
        return [text for text in self.said if not isinstance(text, Info | Detail)]


class Fallible(ListedEstimator):
    """Raises from `broken` on."""

    broken = 10**9

    def __init__(self) -> None:
        super().__init__(walking(FRAMES))
        self.closed = False

    def estimate(self, frame: Frame) -> Pose:
        if frame.frame_id >= self.broken:
            raise ZeroDivisionError("a bug")
        return super().estimate(frame)

    def close(self) -> None:
        self.closed = True


@pytest.fixture(scope="module")
def scenery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_scenery(tmp_path_factory.mktemp("scenery"))


def test_an_estimator_that_raises_idles_and_is_opened_anew(scenery: Path) -> None:
    show = Show(scenery, lambda show: show.loop.parts.poses._estimator is show.estimators[-1] is not show.estimators[0])
    show.estimators[0].broken = BROKEN
    show.run()
    assert show.lines() == [
        "the pose estimator failed, the puppet idles until it works again: ZeroDivisionError: a bug"
    ]
    assert show.estimated.count == FRAMES and [one.closed for one in show.estimators] == [True, True]
    assert show.report.person == "in view" and not show.sink.holds_camera_colour()
    assert any("in estimate" in text for text in show.said if isinstance(text, Detail))


def breaks(monkeypatch: pytest.MonkeyPatch, part: type, name: str) -> list[object]:
    """From its 20th call on, `part.name` raises, for the object that was called first; gives those that were called."""
    calls, keep, seen = Meter(), getattr(part, name), list[object]()

    def step(self: object, *args: object, **named: object) -> object:
        if not any(self is one for one in seen):
            seen.append(self)
        calls.add()
        if self is seen[0] and calls.count > BROKEN:
            raise ZeroDivisionError("a bug")
        return keep(self, *args, **named)

    monkeypatch.setattr(part, name, step)
    return seen


@pytest.mark.parametrize(
    ("part", "name", "said"),
    [
        (WatchedEngine, "run", "the engine failed, showing a card"),
        (Conditioner, "place", "the drawing of the pose failed, showing a card"),
        (Conditioner, "draw", "the drawing of the pose failed, showing a card"),
        (IdleLegs, "apply", "the drawing of the pose failed, showing a card"),
        (Presence, "seen", "the drawing of the pose failed, showing a card"),
    ],
)
def test_whatever_of_a_scene_raises_is_a_card_and_the_scene_is_opened_anew(
    part: type, name: str, said: str, scenery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = Show(scenery, lambda show: len(show.engines.opened) == 2 and show.loop.parts.scenes.current.cut == 1)
    seen = breaks(monkeypatch, part, name)
    show.run()
    assert show.lines() == [f"{said} until it works again: ZeroDivisionError: a bug"]
    assert show.estimated.count == FRAMES and not show.sink.holds_camera_colour()
    assert len(seen) == 2 and [engine.closed_by is not None for engine in show.engines.opened] == [True, True]
    assert {"reopened"} == {change["name"] for change in show.report.to_json()["changes"]}
    assert np.unique(show.sink.images[-1].reshape(-1, 3), axis=0).shape != (1, 3)


def test_what_looks_on_may_fail_and_nobody_in_the_audience_sees_it(
    scenery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Director, pose: Pose, frame: Frame) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Director, "saw", fail)
    show = Show(scenery, lambda show: True).run()
    assert len(show.lines()) == 1 and "going on without it" in show.lines()[0]
    assert show.report.person == "in view" and show.report.generated.count > 0


def test_a_camera_whose_driver_raises_what_it_likes_is_a_camera_that_is_gone(tiny: Path) -> None:
    class Odd(ColourSource):
        def read(self) -> Frame | None:
            self._reads += 1
            if self._reads in (5, 6):
                raise ValueError("cannot reshape array of size 0")
            return super().read()

    said: list[str] = []
    loop, report, _ = fake_loop(Odd(20, live=True), ListedEstimator(walking(20)), tiny, sinks=[Collector()], said=said)
    loop.run()
    lines = [text for text in said if not isinstance(text, Detail)]
    assert "ValueError: cannot reshape" in lines[0] and lines[1] == "the camera is back"
    assert report.captured.count == 20


@pytest.mark.parametrize("part", ["estimator", "engine", "drawing"])
def test_without_real_time_whatever_raises_ends_the_run_with_its_error(
    part: str, scenery: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    show = Show(scenery, lambda show: True, realtime=False)
    if part == "estimator":
        show.estimators[0].broken = BROKEN
    else:
        breaks(monkeypatch, *{"engine": (WatchedEngine, "run"), "drawing": (Conditioner, "draw")}[part])
    with pytest.raises(ZeroDivisionError, match="a bug"):
        show.run()
    assert show.sink.complete is False

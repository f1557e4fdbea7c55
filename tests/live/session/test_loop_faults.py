"""The loop when something breaks: it fails closed, says so once, and goes on where it can."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engines.arrays import U8
from engines.errors import EngineError
from engines.messages import Detail
from live.clock import FakeClock, SystemClock
from live.config import LiveConfig
from live.puppet.errors import CameraError
from live.puppet.values import Frame, PuppetFrame
from live.render.renderer import RenderInput
from tests.live.fakes import (
    REALTIME,
    Collector,
    ColourSource,
    ListedEstimator,
    LockstepSource,
    Meter,
    WatchedGenerator,
    fake_loop,
)
from tests.live.tiny_target import walking


def test_a_broken_file_source_ends_the_run_with_its_error_and_no_final_file(tiny: Path) -> None:
    sink = Collector()
    loop, _, _ = fake_loop(ColourSource(9, broken=range(4, 99)), ListedEstimator(walking(9)), tiny, sinks=[sink])
    with pytest.raises(CameraError, match="unplugged"):
        loop.run()
    assert sink.complete is False


def test_a_camera_that_comes_back_is_said_and_the_run_goes_on(tiny: Path) -> None:
    sink = Collector()
    said: list[str] = []
    loop, report, _ = fake_loop(
        ColourSource(20, live=True, broken=range(5, 8)),
        ListedEstimator(walking(20)),
        tiny,
        sinks=[sink],
        said=said,
    )
    loop.run()
    assert [text.partition(",")[0] for text in said] == ["camera lost", "the camera is back"]
    assert report.to_json()["frames"]["captured"] == 20
    assert not sink.holds_camera_colour()


class GoneCamera(ColourSource):
    """Gives three frames; then the next read waits until `enough` pictures were generated, and ends."""

    def __init__(self, generated: Meter, enough: int) -> None:
        super().__init__(3, live=True)
        self._generated, self._enough = generated, enough

    def read(self) -> Frame | None:
        if self._next_id == 3:
            self._generated.wait_for(self._enough)
        return super().read()


def test_while_a_camera_gives_nothing_the_puppet_goes_on_without_frames(tiny: Path) -> None:
    generated, sink = Meter(), Collector()
    generator = WatchedGenerator(lambda drawn: generated.add())
    loop, report, _ = fake_loop(
        GoneCamera(generated, 12),
        ListedEstimator(walking(3)),
        tiny,
        sinks=[sink],
        generator=generator,
        clock=SystemClock(),
        config=replace(REALTIME, hold_s=0.02, ease_s=0.02),
    )
    loop.run()
    ids = [frame_id for frame_id, _ in generator.stamps]
    assert ids.count(-1) >= 8
    assert report.capture_to_send.count <= 3, "a picture without a frame has no age"
    assert not sink.holds_camera_colour()


def failing(ids: range):  # type: ignore[no-untyped-def]
    def fail(drawn: RenderInput) -> None:
        if drawn.frame_id in ids:
            raise EngineError("the device was lost")

    return fail


def test_a_failing_engine_ends_a_run_that_is_not_live(tiny: Path) -> None:
    sink = Collector()
    loop, _, _ = fake_loop(
        ColourSource(30),
        ListedEstimator(walking(30)),
        tiny,
        sinks=[sink],
        generator=WatchedGenerator(failing(range(10, 99))),
    )
    with pytest.raises(EngineError, match="device was lost"):
        loop.run()
    assert sink.complete is False
    assert len(sink.images) == 10


class CardWatcher(Collector):
    """`seen` counts the cards among the pictures."""

    def __init__(self, card: U8) -> None:
        super().__init__()
        self.card, self.seen = card, Meter()

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        if np.array_equal(frame.image, self.card):
            self.seen.add()
        return super().send(frame, tick)


def test_a_failing_engine_shows_a_card_live_until_it_works_again(tiny: Path) -> None:
    generator, made = WatchedGenerator(), Meter()
    said: list[str] = []
    sink = CardWatcher(generator.card(0, 0.0).image)

    def before(drawn: RenderInput) -> None:
        made.add()
        if drawn.frame_id == 10:
            sink.seen.wait_for(1)
        failing(range(3, 20))(drawn)

    generator.before = before
    source = LockstepSource(30, made)
    source.live = True
    loop, _, _ = fake_loop(
        source,
        ListedEstimator(walking(30)),
        tiny,
        sinks=[sink],
        generator=generator,
        clock=SystemClock(),
        config=REALTIME,
        said=said,
    )
    loop.run()
    lines = [text for text in said if not isinstance(text, Detail)]
    assert len(lines) == 1 and lines[0].endswith("until it works again: the device was lost")
    assert not np.array_equal(sink.images[-1], sink.card)


def test_a_camera_that_stays_gone_does_not_outlast_the_duration(tiny: Path) -> None:
    clock = FakeClock()
    said: list[str] = []
    source = ColourSource(99, live=True, clock=clock, broken=range(5, 10**9))
    config = LiveConfig("tiny", "colour", ("collector",), realtime=False, duration_s=60.0)
    loop, _, _ = fake_loop(
        source,
        ListedEstimator(walking(99)),
        tiny,
        sinks=[Collector()],
        clock=clock,
        config=config,
        said=said,
    )
    loop.run()
    assert 60 <= clock.now() < 64
    assert len(said) == 1


def test_a_camera_that_is_stuck_at_one_picture_is_told_once(tiny: Path) -> None:
    class Stuck(ColourSource):
        """Two pictures a second: moves, stands still for 8 s, moves, stands still."""

        def read(self) -> Frame | None:
            frame = super().read()
            if frame is not None and (frame.frame_id < 4 or 20 <= frame.frame_id < 24):
                frame.image[0, 0] = frame.frame_id
            return frame

    for live, times in ((True, 2), (False, 0)):
        said: list[str] = []
        source = Stuck(40, live=live, dt_s=0.5)
        fake_loop(source, ListedEstimator(walking(40)), tiny, sinks=[Collector()], said=said)[0].run()
        assert len(said) == times and all("same picture over and over" in text for text in said)

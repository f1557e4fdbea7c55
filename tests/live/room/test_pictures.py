"""From the loop to the pages: newest wins, nothing queues, nothing is done that nobody asked for."""

import queue
from collections.abc import Callable, Iterator
from dataclasses import replace

import cv2
import numpy as np
import pytest

from live.puppet.values import PuppetFrame
from live.room.feed import Feed, Viewer
from live.room.pictures import PageFeeds
from live.room.sink import RoomSink
from tests.live.room.fake_director import FakeDirector
from tests.live.room.test_encode import unpacked
from tests.live.room.visitor import PATIENCE_S


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def pictures(director: FakeDirector, said: list[str], clock: Hand) -> Iterator[PageFeeds]:
    made = PageFeeds(director.viewfinder, director.show_me, said.append, clock)
    made.start()
    yield made
    made.close()


def looking(pictures: PageFeeds, feed: str) -> tuple["queue.Queue[bytes]", Callable[[], None]]:
    """A page that looks at `feed`: what it got, and how it asks for one more."""
    got: queue.Queue[bytes] = queue.Queue()
    viewer = pictures.join(feed, got.put)
    return got, lambda: pictures.ask(feed, viewer)


def served(got: "queue.Queue[bytes]") -> bytes:
    return got.get(timeout=PATIENCE_S)


class Untouchable:
    """A frame that must not be looked at."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} was read")


def test_nothing_is_copied_while_no_page_asks(pictures: PageFeeds) -> None:
    sink = RoomSink(pictures, "browser")
    looking(pictures, "puppet")
    assert sink.send(Untouchable(), 0)  # type: ignore[arg-type]


def test_a_page_gets_one_picture_for_each_it_asked_for(
    pictures: PageFeeds, director: FakeDirector, clock: Hand
) -> None:
    got, ask = looking(pictures, "puppet")
    for number in range(3):
        clock.now_s += 1
        ask()
        pictures.offer(director.picture(number))
        assert served(got)[:2] == b"\xff\xd8"
        clock.now_s += 1
        pictures.offer(director.picture(number))  # not asked for
    assert got.empty()


def test_two_pages_share_one_encoding(pictures: PageFeeds, director: FakeDirector) -> None:
    (first, ask_first), (second, ask_second) = looking(pictures, "puppet"), looking(pictures, "puppet")
    ask_first()
    ask_second()
    pictures.offer(director.picture(0))
    assert served(first) is served(second)


@pytest.mark.parametrize(("fps", "per_s", "wanted"), [(60, 20, 20), (30, 20, 20), (30, 120, 30), (10, 20, 10)])
def test_the_rate_of_a_feed_is_bounded(fps: int, per_s: int, wanted: int) -> None:
    feed = Feed(lambda still: b"", per_s)
    feed.waiting.add(Viewer(lambda data: None))
    turns = sum(feed.take_turn(100 + number / fps) for number in range(10 * fps))
    assert abs(turns - 10 * wanted) <= 2


def test_a_feed_that_nobody_waits_for_has_no_turn() -> None:
    assert not Feed(lambda still: b"", 20).take_turn(100)


def test_a_picture_that_comes_while_one_is_encoded_is_skipped(director: FakeDirector, clock: Hand) -> None:
    pictures = PageFeeds(director.viewfinder, director.show_me, print, clock)  # no thread: the encoder never finishes
    got, ask = looking(pictures, "puppet")
    ask()
    pictures.offer(director.picture(0))
    clock.now_s += 10
    pictures.offer(Untouchable())  # type: ignore[arg-type]
    assert got.empty()


def test_the_sender_may_write_over_its_arrays_at_once(pictures: PageFeeds, director: FakeDirector) -> None:
    got, ask = looking(pictures, "stage")
    ask()
    frame = director.picture(0)
    assert frame.cutout is not None
    before = frame.cutout.copy()
    pictures.offer(frame)
    frame.cutout.fill(255)
    assert np.array_equal(unpacked(served(got)), before)


def test_a_cutout_is_wanted_only_while_a_stage_is_open(pictures: PageFeeds) -> None:
    sink = RoomSink(pictures, "browser")
    assert not sink.wants_cutout
    viewer = pictures.join("stage", lambda data: None)
    assert sink.wants_cutout
    pictures.leave("stage", viewer)
    assert not sink.wants_cutout


def test_a_frame_without_cutout_is_waited_out(pictures: PageFeeds, director: FakeDirector, clock: Hand) -> None:
    got, ask = looking(pictures, "stage")
    puppet, ask_puppet = looking(pictures, "puppet")
    ask()
    for cutout in (None, director.picture(1).cutout):
        clock.now_s += 1
        ask_puppet()
        assert got.empty()
        pictures.offer(replace(director.picture(1), cutout=cutout))
        served(puppet)
    assert unpacked(served(got)).any()


def test_a_puppet_of_another_size_is_taken_as_it_is(pictures: PageFeeds, director: FakeDirector, clock: Hand) -> None:
    got, ask = looking(pictures, "puppet")
    for side in (32, 64):
        clock.now_s += 1
        ask()
        grey = np.full((side, side, 3), side, np.uint8)
        pictures.offer(PuppetFrame(0, 0.0, grey, grey[:, :, 0]))
        assert cv2.imdecode(np.frombuffer(served(got), np.uint8), cv2.IMREAD_COLOR).shape == (side, side, 3)


def test_the_camera_is_on_only_while_a_page_looks_at_it(pictures: PageFeeds, director: FakeDirector) -> None:
    first = pictures.join("camera", lambda data: None)
    second = pictures.join("camera", lambda data: None)
    pictures.leave("camera", first)
    pictures.leave("camera", second)
    assert director.asked == [("show_me", True), ("show_me", True), ("show_me", False)]


def test_no_camera_picture_is_served_when_there_is_none(
    pictures: PageFeeds, director: FakeDirector, clock: Hand
) -> None:
    got, ask = looking(pictures, "camera")
    puppet, ask_puppet = looking(pictures, "puppet")
    ask()
    for number in range(3):
        clock.now_s += 1
        ask_puppet()
        pictures.offer(director.picture(number))
        served(puppet)
    assert got.empty()


def test_an_encoder_that_fails_is_told_and_stops_nothing(director: FakeDirector) -> None:
    told: queue.Queue[str] = queue.Queue()
    pictures = PageFeeds(director.viewfinder, director.show_me, told.put)
    pictures.start()
    _, ask = looking(pictures, "puppet")
    ask()
    nothing = PuppetFrame(0, 0.0, np.zeros((0, 0, 3), np.uint8), np.zeros((0, 0), np.uint8))
    pictures.offer(nothing)
    assert "no more pictures" in told.get(timeout=PATIENCE_S)
    pictures.offer(nothing)
    pictures.close()

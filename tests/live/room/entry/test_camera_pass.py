"""The camera picture goes to the page that asked for it, while somebody looks at it, and to nobody else."""

import asyncio
import json
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from live.room import app
from live.room.entry.camera_pass import CameraPasses
from live.room.room import Room
from tests.live.room.fake_director import FakeDirector
from tests.live.room.visitor import PATIENCE_S, camera_of, next_picture, open_socket, said_where, state_where


def press(page: ClientConnection, name: str, value: bool) -> None:
    page.send(json.dumps({"do": name, "value": value}))


def ended(camera: ClientConnection) -> bool:
    """Whether the room closes it, and no picture comes any more once what was on its way is through."""
    with pytest.raises(ConnectionClosed):
        for _ in range(50):
            camera.recv(PATIENCE_S)
    return True


@pytest.fixture
def dancing(room: Room, director: FakeDirector) -> Room:
    """A room with pictures."""
    director.start(room.sink.send)
    return room


def test_it_is_shown_to_the_page_on_which_it_was_asked_for(dancing: Room, director: FakeDirector) -> None:
    with open_socket(dancing.url, "state") as page:
        state_where(page, lambda state: not state["show_me"])
        with camera_of(dancing.url, page) as camera:
            assert next_picture(camera)[:2] == b"\xff\xd8"
            state_where(page, lambda state: state["show_me"])
        state_where(page, lambda state: not state["show_me"])
    assert director.viewfinder.frame is None


@pytest.mark.parametrize("query", ["", "?pass=", "?pass=AAAAAAAAAAAAAAAAAAAAAA", "?pass=%ED%A0%80", "?pass=a&pass=b"])
def test_whoever_did_not_ask_gets_none_and_does_not_switch_it_on(
    dancing: Room, director: FakeDirector, query: str
) -> None:
    with open_socket(dancing.url, "state") as page, camera_of(dancing.url, page) as camera:
        next_picture(camera)
        switched = director.asked.count(("show_me", True))
        with pytest.raises(InvalidStatus, match="403"):
            open_socket(dancing.url, f"pictures/camera{query}").__enter__()
        assert director.asked.count(("show_me", True)) == switched == 1


def test_a_pass_opens_once(dancing: Room) -> None:
    with open_socket(dancing.url, "state") as page:
        press(page, "show_me", True)
        code = said_where(page, "camera")["code"]
        with open_socket(dancing.url, f"pictures/camera?pass={code}") as camera:
            next_picture(camera)
        with pytest.raises(InvalidStatus, match="403"):
            open_socket(dancing.url, f"pictures/camera?pass={code}").__enter__()


def test_no_other_page_hears_of_the_pass(dancing: Room) -> None:
    with open_socket(dancing.url, "state") as page, open_socket(dancing.url, "state") as other:
        press(page, "show_me", True)
        said_where(page, "camera")
        assert all(json.loads(other.recv(PATIENCE_S))["kind"] in ("state", "welcome") for _ in range(5))


ENDS: dict[str, Callable[[ClientConnection, FakeDirector], object]] = {
    "the page is closed": lambda page, director: page.close(),
    "the page was told to": lambda page, director: press(page, "show_me", False),
    "the page asks for another pass": lambda page, director: press(page, "show_me", True),
    "the show is hidden": lambda page, director: press(page, "hide", True),
    "the show is hidden by a key": lambda page, director: director.hide(True),
}


@pytest.mark.parametrize("why", ENDS)
def test_it_ends_when(dancing: Room, director: FakeDirector, why: str) -> None:
    with (
        open_socket(dancing.url, "state") as other,
        open_socket(dancing.url, "state") as page,
        camera_of(dancing.url, page) as camera,
    ):
        next_picture(camera)
        ENDS[why](page, director)
        assert ended(camera)
        state_where(other, lambda state: not state["show_me"])
        assert director.viewfinder.frame is None


def test_it_ends_when_the_page_is_silent(
    dancing: Room, director: FakeDirector, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert app._SILENT_S == 5.0
    monkeypatch.setattr(app, "_SILENT_S", 0.2)
    with open_socket(dancing.url, "state") as page, camera_of(dancing.url, page) as camera:
        next_picture(camera)
        assert ended(camera)
        state_where(page, lambda state: not state["show_me"])


def test_it_does_not_come_back_by_itself(dancing: Room, director: FakeDirector) -> None:
    with open_socket(dancing.url, "state") as page, camera_of(dancing.url, page) as camera:
        next_picture(camera)
        press(page, "hide", True)
        ended(camera)
        press(page, "show_me", True)
        assert "you are hidden" in said_where(page, "refused")["text"]
        press(page, "hide", False)
        state_where(page, lambda state: not state["hidden"])
        assert director.asked.count(("show_me", True)) == 1 and director.viewfinder.frame is None
        with camera_of(dancing.url, page) as again:
            assert next_picture(again)


def test_a_pass_that_was_not_used_at_once_is_void() -> None:
    now_s = [0.0]
    passes = CameraPasses(lambda: now_s[0])
    code = passes.give("page")
    now_s[0] = 10.1
    assert passes.use(code) is None


def test_a_page_has_one_pass() -> None:
    passes = CameraPasses()
    first = passes.give("page")
    second = passes.give("page")
    assert passes.use(first) is None
    used = passes.use(second)
    assert used is not None and not used.over.is_set() and isinstance(used.over, asyncio.Event)
    passes.give("page")
    assert used.over.is_set()

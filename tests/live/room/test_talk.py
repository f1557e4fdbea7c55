"""Whatever a page sends, it is answered or let go by the rules, and every other page goes on."""

import json
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from live.puppet.errors import PuppetError
from live.room.commands import execute
from live.room.room import Room
from tests.live.room.fake_director import FakeDirector
from tests.live.room.visitor import PATIENCE_S, open_socket, said_where, state_where

ODD = [
    "",
    "[" * 16_000,
    '{"a":' * 3000,
    "1" * 16_000,
    "-1e99999",
    "NaN",
    '"\\ud800"',
    '{"do": "\\udc00", "value": "\\u0000"}',
    '{"do": "change", "name": "smoothing", "value": NaN}',
    '{"do": "change", "name": "smoothing", "value": 1' + "0" * 4500 + "}",
    '{"do": "change", "name": "background", "value": "' + "\\ud83d" * 900 + '"}',
    '{"do": "change", "name": "background", "value": ' + "[" * 500 + "]" * 500 + "}",
    '{"do": "change", "name": "engine", "value": "fault"}',
    b"",
    b"\x00\xff" * 8000,
    b'{"do": "hide", "value": true}',
]

plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40)
anything = st.recursive(
    plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=6
)
NAMES = ["target", "framing", "background", "mirror", "engine", "precision", "smoothing", "face", "canvas"]
VALUES = ["..", "~", "/etc/passwd", "#12345g", "\x00", "a/b", "1e9", "plate", "knight"]
commands = st.fixed_dictionaries(
    {},
    optional={
        "do": st.sampled_from(["change", "freeze", "hide", "calibrate", "record", "show_me", "stop"]) | anything,
        "name": st.sampled_from(NAMES) | anything,
        "value": st.sampled_from(VALUES) | anything,
    },
)
messages = st.text(max_size=200) | (anything | commands).map(json.dumps) | st.sampled_from(ODD)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A command with a few characters taken out, put in or doubled."""
    text = json.dumps(draw(commands))
    for _ in range(draw(st.integers(0, 4))):
        at, piece = (
            draw(st.integers(0, len(text))),
            draw(st.sampled_from(['"', "{", "]", ",", "\\u", "9" * 30, "e", ""])),
        )
        text = text[:at] + piece + text[at + draw(st.integers(0, 3)) :]
    return text


@settings(max_examples=300)
@given(messages | damaged())
def test_no_message_raises_anything_but_our_errors(message: str | bytes) -> None:
    director = FakeDirector()
    text = None if isinstance(message, bytes) or '"fault"' in message else message
    try:
        execute(director, text, show_me=lambda on: None)
    except PuppetError as error:
        assert len(str(error)) < 6000 and "\n" not in str(error)
    else:
        assert len(director.asked) <= 2


def answered(page: ClientConnection) -> bool:
    """Whether `page` is still heard, all that it said before included."""
    page.send('{"do": "the last one"}')
    while "the last one" not in said_where(page, "refused")["text"]:
        pass
    return True


@pytest.mark.parametrize("message", ODD, ids=range(len(ODD)))
def test_an_odd_message_is_refused_and_the_socket_stays(
    room: Room, director: FakeDirector, said: list[str], message: str | bytes
) -> None:
    with open_socket(room.url, "state") as page:
        page.send(message)
        assert said_where(page, "refused")["text"]
        assert answered(page)
    assert director.asked == []
    if "fault" in str(message):
        assert len(said) == 1 and "a page's command failed: RuntimeError: a fault of ours" in said[0]
        said.clear()


def test_a_hundred_messages_of_all_kinds_leave_one_socket_as_it_was(room: Room) -> None:
    made: list[str | bytes] = []

    @settings(max_examples=100, database=None)
    @given((messages | damaged()).filter(lambda message: "fault" not in str(message)))
    def make(message: str | bytes) -> None:
        made.append(message.encode("utf-8", "replace").decode() if isinstance(message, str) else message)

    make()  # before there is a socket: Hypothesis bears no other thread that draws random numbers
    with open_socket(room.url, "state") as page:
        for message in made:
            page.send(message)
        assert answered(page)


@pytest.mark.parametrize("message", ["x" * (10 << 20), b"x" * (10 << 20), "x" * 20_000])
@pytest.mark.parametrize("path", ["state", "pictures/puppet"])
def test_one_that_is_too_long_closes_its_own_socket(room: Room, message: str | bytes, path: str) -> None:
    with open_socket(room.url, "state") as other, open_socket(room.url, path) as page:
        with pytest.raises(ConnectionClosed, match="1009|no close frame"):  # the room may be gone before all was sent
            page.send(message)
            while True:
                page.recv(PATIENCE_S)
        assert answered(other)


@pytest.mark.parametrize(
    "frame",
    [
        b"\x81\x84abcd\x9e\x9d\x9c\x9b",  # text that is no UTF-8
        b"\x81\x05hello",  # not masked
        b"\xf1\x80abcd",  # bits that mean nothing
        b"\x83\x80abcd",  # an unknown kind
        b"\x81\xff\xff\xff\xff\xff\xff\xff\xff\xffabcd",  # longer than anything
        b"\x80\x80abcd",  # goes on, where nothing began
        b"\x89\xfe\x01\x00abcd" + b"x" * 256,  # a long ping
        b"\x88\x81abcdx",  # closed with half a reason
        b"\x88\x82abcd\x00\x00",  # closed with a number that is none
    ],
)
def test_broken_frames_close_their_own_socket(room: Room, frame: bytes) -> None:
    with open_socket(room.url, "state") as other, open_socket(room.url, "state") as page:
        page.socket.sendall(frame)
        with pytest.raises(ConnectionClosed):
            while True:
                page.recv(PATIENCE_S)
        assert answered(other)


def test_a_page_that_floods_is_slowed_down_and_the_others_are_not(room: Room, director: FakeDirector) -> None:
    with open_socket(room.url, "state") as flood, open_socket(room.url, "state") as other:
        for number in range(1000):
            flood.send(json.dumps({"do": "change", "name": "smoothing", "value": number / 1000}))
        begun_s = time.monotonic()
        assert answered(other)
        assert len(director.asked) < 1000, "the flood is still being read"
        state_where(flood, lambda state: state["smoothing"] == 0.999)
        assert time.monotonic() - begun_s < 60 and len(director.asked) == 1000, "nothing is lost"

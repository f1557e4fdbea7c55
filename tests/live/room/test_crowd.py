"""Many pages, pages that do not read, pages that come and go: the show does not notice, and nothing is left of them."""

import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from live.room.pictures import PageFeeds
from live.room.room import Room
from tests.live.room.entry.test_access import HANDSHAKE
from tests.live.room.fake_director import FakeDirector
from tests.live.room.test_pictures import Hand
from tests.live.room.visitor import PATIENCE_S, camera_of, next_picture, open_socket, port_of, state_where

HANDLES = Path("/proc/self/fd")
FEEDS = ("pictures/puppet", "pictures/figure")
ASK = b"\x81\x81\0\0\0\x001"  # the text "1" in one frame
counts_handles = pytest.mark.skipif(not HANDLES.is_dir(), reason="counts handles where the kernel lists them")


def held() -> tuple[int, int]:
    """How many handles and threads this process has."""
    return len(os.listdir(HANDLES)), threading.active_count()


def nothing_more(before: tuple[int, int]) -> bool:
    """Whether it has as few again."""
    return all(now <= then for now, then in zip(held(), before, strict=True))


def deaf(room: Room, path: str) -> socket.socket:
    """A page's socket that asks for pictures without end and never reads: its buffer and the room's for it fill up."""
    page = socket.socket()
    page.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    page.settimeout(PATIENCE_S)
    page.connect(("127.0.0.1", port_of(room.url)))
    headers = {"Host": f"127.0.0.1:{port_of(room.url)}", **HANDSHAKE}
    lines = [f"GET /{room.token}/{path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    page.sendall("\r\n".join(lines).encode())
    assert page.recv(12) == b"HTTP/1.1 101"
    page.sendall(ASK * 100)
    return page


@counts_handles
def test_two_hundred_pages_that_come_and_go_leave_nothing_behind(room: Room, director: FakeDirector) -> None:
    director.start(room.sink.send)
    with open_socket(room.url, "state") as stays:
        state_where(stays, lambda state: True)
        before = held()
        for number in range(200):
            with open_socket(room.url, "state") as page, open_socket(room.url, FEEDS[number % 2]) as feed:
                feed.send("1")
                if number % 40 == 0:
                    with camera_of(room.url, page) as camera:
                        next_picture(camera)
                if number % 3 == 0:  # gone without a word
                    page.socket.shutdown(socket.SHUT_RDWR)
                    feed.socket.shutdown(socket.SHUT_RDWR)
        state_where(stays, lambda state: nothing_more(before) and not state["show_me"])
    assert not room.sink.wants_cutout


@counts_handles
def test_thirty_pages_half_of_which_do_not_read_are_served_and_let_go(room: Room, director: FakeDirector) -> None:
    director.start(room.sink.send)
    with open_socket(room.url, "state") as stays:
        state_where(stays, lambda state: True)
        before = held()
        with contextlib.ExitStack() as stack:
            for _ in range(15):
                for path in ("state", *FEEDS):
                    stack.enter_context(deaf(room, path))
            pages = [
                [stack.enter_context(open_socket(room.url, path)) for path in ("state", *FEEDS)] for _ in range(15)
            ]
            for state, *feeds in pages:
                assert all(next_picture(feed) for feed in feeds)
                state_where(state, lambda known: known["target"] == "fortnite")
        state_where(stays, lambda state: nothing_more(before))


def test_pages_that_flood_and_break_off_leave_nothing_in_the_log(room: Room, caplog: pytest.LogCaptureFixture) -> None:
    with open_socket(room.url, "state") as stays:
        for _ in range(20):
            page = deaf(room, "state")
            page.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # breaks off, not ends
            with contextlib.closing(page):
                page.sendall(ASK * 500)
            state_where(stays, lambda state: True)
    assert caplog.records == []


def test_the_loop_waits_for_nobody(director: FakeDirector) -> None:
    """Pages that never take what they asked for, and an encoder that hangs with one of them: each send returns."""
    clock, hangs, freed = Hand(), threading.Event(), threading.Event()

    def hang(data: bytes) -> None:
        hangs.set()
        freed.wait(PATIENCE_S)

    pictures = PageFeeds(director.viewfinder, director.show_me, print, clock)
    pictures.start()
    deliver: list[Callable[[bytes], None]] = [hang, *[lambda data: None] * 29]
    viewers = [pictures.join("puppet", one) for one in deliver]
    try:
        for viewer in viewers:
            pictures.ask("puppet", viewer)
        pictures.offer(director.picture(0))
        assert hangs.wait(PATIENCE_S)
        for number in range(200):
            clock.now_s += 1
            for viewer in viewers:
                pictures.ask("puppet", viewer)
            pictures.offer(director.picture(number))
        assert not freed.is_set()
    finally:
        freed.set()
        pictures.close()

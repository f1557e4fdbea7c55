"""How many may be connected at once, and how long one may stay who says nothing."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path

import pytest

from live.room.complaints import Complaints
from live.room.entry import door as door_module
from live.room.entry.door import Door, most_connections
from live.room.room import Room
from tests.live.room.fake_director import FakeDirector
from tests.live.room.visitor import PATIENCE_S, get, open_socket, port_of, state_where

resource = pytest.importorskip("resource", reason="Windows counts no handles")
HANDLES = Path("/proc/self/fd")


class Wire(asyncio.Transport):
    """A connection from `host`, with as much of a transport as the door looks at."""

    def __init__(self, port: int, host: str = "127.0.0.1") -> None:
        super().__init__({"peername": (host, port), "socket": self})
        self.address = (host, port)
        self.open, self.closing = True, False

    def fileno(self) -> int:
        return 3 if self.open else -1

    def is_closing(self) -> bool:
        return self.closing

    def abort(self) -> None:
        self.open, self.closing = False, True


class Hand:
    """A clock that is moved by hand."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def door(clock: Hand, said: list[str]) -> Door:
    return Door(Complaints(said.append, clock), 4, clock)


def entered(door: Door, clock: Hand, *wires: Wire) -> list[Wire]:
    for wire in wires:
        clock.now_s += 0.01
        door.enter(wire)
    return list(wires)


def test_the_one_that_was_silent_longest_makes_room_and_known_ones_stay(door: Door, clock: Hand) -> None:
    wires = entered(door, clock, *map(Wire, range(4)))
    door.knows(wires[0].address)
    more = entered(door, clock, *map(Wire, range(4, 7)))
    assert [wire.open for wire in (*wires, *more)] == [True, False, False, False, True, True, True]


def test_one_that_comes_while_all_are_known_is_closed(door: Door, clock: Hand) -> None:
    wires = entered(door, clock, *map(Wire, range(4)))
    for wire in wires:
        door.knows(wire.address)
    (late,) = entered(door, clock, Wire(9))
    assert all(wire.open for wire in wires) and not late.open and len(door) == 4


def test_one_address_of_the_network_has_half_of_all(door: Door, clock: Hand) -> None:
    greedy = entered(door, clock, *(Wire(port, "192.0.2.7") for port in range(5)))
    others = entered(door, clock, Wire(1, "192.0.2.8"), Wire(2))
    assert [wire.open for wire in (*greedy, *others)] == [False, False, False, True, True, True, True]


def test_a_connection_that_is_gone_counts_no_more(door: Door, clock: Hand) -> None:
    wires = entered(door, clock, *map(Wire, range(4)))
    wires[3].abort()
    assert entered(door, clock, Wire(9))[0].open and wires[0].open


def test_one_without_a_token_has_five_seconds(door: Door, clock: Hand) -> None:
    silent, known = entered(door, clock, Wire(1), Wire(2))
    door.knows(known.address)
    clock.now_s += 4.9
    door.sweep()
    assert silent.open
    clock.now_s += 0.2
    door.sweep()
    assert not silent.open and known.open


def test_one_that_is_closed_and_does_not_read_loses_its_handle(door: Door, clock: Hand) -> None:
    (known,) = entered(door, clock, Wire(1))
    door.knows(known.address)
    clock.now_s += 60
    known.closing = True
    door.sweep()
    assert known.open, "what is still to be sent has its time"
    clock.now_s += 5
    door.sweep()
    assert not known.open and len(door) == 0


def test_a_crowd_is_told_of_once_a_minute(door: Door, clock: Hand, said: list[str]) -> None:
    entered(door, clock, *map(Wire, range(1000)))
    assert len(said) == 1 and "too many" in said[0]
    clock.now_s += 60
    entered(door, clock, Wire(2000))
    assert len(said) == 2 and "(and 995 more like it before)" in said[1]


@pytest.mark.parametrize(("soft", "most"), [(256, 64), (1024, 256), (65536, 256), (resource.RLIM_INFINITY, 256)])
def test_the_room_takes_a_fourth_of_the_handles_at_most(monkeypatch: pytest.MonkeyPatch, soft: int, most: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    assert most_connections() == most


def idle_connections(room: Room, count: int, stack: contextlib.ExitStack) -> list[socket.socket]:
    """So many that say nothing."""
    address = ("127.0.0.1", port_of(room.url))
    return [stack.enter_context(socket.create_connection(address, PATIENCE_S)) for _ in range(count)]


@pytest.mark.skipif(not HANDLES.is_dir(), reason="counts handles where the kernel lists them")
def test_a_page_comes_in_past_hundreds_of_silent_connections_which_cost_few_handles(
    director: FakeDirector, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "_MOST", 32)
    room = Room(director, port=0, say=said.append)
    room.start()
    try:
        with contextlib.ExitStack() as stack, open_socket(room.url, "state") as first:
            before = len(os.listdir(HANDLES))
            idle_connections(room, 300, stack)
            assert get(room.url)[0] == 200
            with open_socket(room.url, "state") as page:
                state_where(page, lambda state: True)
            state_where(first, lambda state: True)
            assert len(os.listdir(HANDLES)) - before <= 300 + 32 + 8
        assert len(said) == 1 and "connections at once are too many" in said[0]
    finally:
        room.close()


def test_a_header_that_never_ends_is_not_waited_for(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "_PATIENCE_S", 0.2)
    with socket.create_connection(("127.0.0.1", port_of(room.url)), PATIENCE_S) as slow:
        slow.sendall(b"GET / HTTP/1.1\r\nHost: ")
        assert slow.recv(1) == b""


def test_a_process_without_handles_left_hears_of_it_in_one_line(
    room: Room, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open_socket(room.url, "state") as page, contextlib.ExitStack() as stack:
        waiting = [stack.enter_context(socket.socket()) for _ in range(20)]
        resource.setrlimit(resource.RLIMIT_NOFILE, (waiting[-1].fileno() + 1, hard))
        try:
            with contextlib.suppress(OSError):
                while True:
                    stack.enter_context(open(os.devnull))
            for one in waiting:
                one.connect(("127.0.0.1", port_of(room.url)))
            state_where(page, lambda state: bool(said))
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(said) == 1 and "Too many open files" in said[0]
    said.clear()

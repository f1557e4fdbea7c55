"""`Door`: how many may be connected to the control room at once, and how long one may stay who shows no token.

The show needs file handles too, and silent connections cost one each: whatever comes, the room's share is bounded.
"""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.h11_impl import H11Protocol

from live.room.complaints import Complaints

_MOST = 256  # thirty pages, each with four sockets and what it loads
_SHARE = 4  # at most one in so many of the handles that this process may have
_PATIENCE_S = 5.0  # for a first request with its token, and for the last bytes of one that is closed
_SWEEP_S = 1.0
_AT_A_TIME = 4096  # bytes read at once: of the usual 256 kB, thousands of messages would be taken in without a pause

Address = tuple[str, int]


@dataclass(slots=True, eq=False)
class Guest:
    """One connection. `known`: it has shown a token. `closing_s`: since when it is being closed, seen by a sweep."""

    transport: asyncio.Transport
    came_s: float
    known: bool = False
    closing_s: float | None = None

    @property
    def gone(self) -> bool:
        """Whether its handle is free again: one that is closed keeps it until the other side has read all."""
        socket = self.transport.get_extra_info("socket")
        return socket is None or socket.fileno() == -1


class Door:
    """Lives in the room's event loop. `most`: connections in all; one address may have half of them if it is not ours.

    Where there is no room, the one that has said nothing for longest goes; where all are known, the one that comes.
    """

    def __init__(
        self, complaints: Complaints, most: int | None = None, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.most = most_connections() if most is None else most
        self._complaints, self._now = complaints, now
        self._guests: dict[Address, Guest] = {}

    def __len__(self) -> int:
        return len(self._guests)

    def enter(self, transport: asyncio.Transport) -> None:
        """A connection was made. One that may not stay is closed at once."""
        address = _address(transport)
        self._forget_the_gone()
        mine = [other for other in self._guests if other[0] == address[0]]
        fits = len(mine) < self._most_of_one(address[0]) or self._make_room(mine)
        if fits and (len(self._guests) < self.most or self._make_room(list(self._guests))):
            self._guests[address] = Guest(transport, self._now())
        else:
            transport.abort()

    def knows(self, address: Address | None) -> None:
        """What came over this connection had a token of ours."""
        if address is not None and (guest := self._guests.get(address)) is not None:
            guest.known = True

    def sweep(self) -> None:
        """Close those who were silent for too long, and for good those who do not read what is still to be sent."""
        self._forget_the_gone()
        now_s = self._now()
        for address, guest in list(self._guests.items()):
            if guest.closing_s is None and guest.transport.is_closing():
                guest.closing_s = now_s
            since_s = guest.came_s if guest.closing_s is None else guest.closing_s
            if (guest.closing_s is not None or not guest.known) and now_s - since_s >= _PATIENCE_S:
                self._put_out(address)

    async def run(self) -> None:
        """Sweep, for ever."""
        while True:
            await asyncio.sleep(_SWEEP_S)
            self.sweep()

    def _make_room(self, among: list[Address]) -> bool:
        self._complaints.add("crowd", f"{len(among)} connections at once are too many: closed the one silent longest")
        silent = [address for address in among if not self._guests[address].known]
        if silent:
            self._put_out(min(silent, key=lambda address: self._guests[address].came_s))
        return bool(silent)

    def _put_out(self, address: Address) -> None:
        self._guests.pop(address).transport.abort()

    def _most_of_one(self, host: str) -> int:
        return self.most if host in ("127.0.0.1", "::1") else self.most // 2

    def _forget_the_gone(self) -> None:
        self._guests = {address: guest for address, guest in self._guests.items() if not guest.gone}


def most_connections() -> int:
    """How many handles the room may take of those that this process may have."""
    if sys.platform == "win32":
        return _MOST
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else min(_MOST, soft // _SHARE)


def http_protocol(door: Door) -> type[H11Protocol]:
    """The server's own reading of HTTP, with `door` told of every connection."""

    class Entrance(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            transport.max_size = _AT_A_TIME  # type: ignore[attr-defined]  # of asyncio's own, where it reads by itself
            door.enter(transport)

    return Entrance


def _address(transport: asyncio.Transport) -> Address:
    peer: Any = transport.get_extra_info("peername")
    return (str(peer[0]), int(peer[1])) if peer else ("", id(transport))

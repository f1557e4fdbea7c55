"""`Door`: limits how many connections the control room has, and how long one without a token may stay.

The show needs file handles too, and even silent connections cost one each, so the room's share is bounded.
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
_SHARE = 4  # at most one in four of the handles that this process may have
_PATIENCE_S = 5.0  # for a first request with its token, and for the last bytes of a closing connection
_SWEEP_S = 1.0
_AT_A_TIME = 4096  # bytes read at once: the usual 256 kB would take in thousands of messages without a pause

Address = tuple[str, int]


@dataclass(slots=True, eq=False)
class Guest:
    """One connection. `known`: it has shown a token. `closing_s`: when a sweep first found it closing."""

    transport: asyncio.Transport
    came_s: float
    known: bool = False
    closing_s: float | None = None

    @property
    def gone(self) -> bool:
        """Whether its handle is free again: a closed connection keeps it until the other side has read everything."""
        socket = self.transport.get_extra_info("socket")
        return socket is None or socket.fileno() == -1


class Door:
    """Lives in the room's event loop. `most`: connections in total; another machine's address may have half of them.

    When full, the connection silent for longest is closed; if all are known, the new one is.
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
        """Admit a new connection, or close it at once."""
        address = _address(transport)
        self._forget_the_gone()
        mine = [other for other in self._guests if other[0] == address[0]]
        most = self.most if address[0] in ("127.0.0.1", "::1") else self.most // 2
        fits = len(mine) < most or self._make_room(mine)
        if fits and (len(self._guests) < self.most or self._make_room(list(self._guests))):
            self._guests[address] = Guest(transport, self._now())
        else:
            transport.abort()

    def knows(self, address: Address | None) -> None:
        """This connection has sent a valid token."""
        if address is not None and (guest := self._guests.get(address)) is not None:
            guest.known = True

    def sweep(self) -> None:
        """Close connections silent for too long, and abort closing ones that do not read their last bytes."""
        self._forget_the_gone()
        now_s = self._now()
        for address, guest in list(self._guests.items()):
            if guest.closing_s is None and guest.transport.is_closing():
                guest.closing_s = now_s
            since_s = guest.came_s if guest.closing_s is None else guest.closing_s
            if (guest.closing_s is not None or not guest.known) and now_s - since_s >= _PATIENCE_S:
                self._put_out(address)

    async def run(self) -> None:
        """Sweep forever."""
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

    def _forget_the_gone(self) -> None:
        self._guests = {address: guest for address, guest in self._guests.items() if not guest.gone}


def most_connections() -> int:
    """How many of this process's handles the room may take."""
    if sys.platform == "win32":
        return _MOST
    import resource

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if soft == resource.RLIM_INFINITY else min(_MOST, soft // _SHARE)


def http_protocol(door: Door) -> type[H11Protocol]:
    """The server's own HTTP protocol, which also tells `door` of every connection."""

    class Entrance(H11Protocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            transport.max_size = _AT_A_TIME  # type: ignore[attr-defined]  # an attribute of asyncio's own transport
            door.enter(transport)

    return Entrance


def _address(transport: asyncio.Transport) -> Address:
    peer: Any = transport.get_extra_info("peername")
    return (str(peer[0]), int(peer[1])) if peer else ("", id(transport))

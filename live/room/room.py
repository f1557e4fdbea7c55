"""`Room`: the control room as a whole, a small web server in a thread of the loop's process."""

import logging
import socket
import sys
import threading

import uvicorn

from engines.messages import Say
from live.control.director_port import DirectorPort
from live.puppet.errors import PuppetError
from live.room.app import RoomApp
from live.room.complaints import Complaints
from live.room.entry.access import Access, is_loopback, new_token
from live.room.entry.door import Door, http_protocol
from live.room.page_opener import PageOpener
from live.room.pictures import PageFeeds
from live.room.sink import RoomSink

DEFAULT_PORT = 8137  # the same each time, so that OBS finds its browser source again
_CLOSE_S = 2  # how long to wait at the end for pages that do not answer
_QUEUE = 128  # connections that the system queues for us
_LARGEST_COMMAND = _LARGEST_HEADER = 1 << 14


class RoomError(PuppetError):
    """The control room cannot be opened."""


class Room:
    """`host`: the address to listen on. `port` 0: any free one. `stage_token`: what opens /stage; "": a new one.

    `start` raises RoomError. `sink` accepts pictures even before `start` and after `close`. `token` is the secret in
    `url`, `stage_token` the one in `stage_url`.
    """

    def __init__(
        self, director: DirectorPort, *, host: str = "127.0.0.1", port: int = 0, say: Say, stage_token: str = ""
    ) -> None:
        self._director, self._host, self._port, self._say = director, host, port, say
        self.token, self.stage_token = new_token(), stage_token or new_token()
        self._opener = PageOpener(say)
        self._pictures = PageFeeds(director.viewfinder, director.show_me, say)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None
        self.sink = RoomSink(self._pictures, "browser")

    @property
    def url(self) -> str:
        """The control room's address, which lets whoever has it do everything; empty before `start`."""
        return f"{self._address}/{self.token}/" if self._server else ""

    @property
    def stage_url(self) -> str:
        """The address for OBS, which opens the puppet's pictures and nothing else; empty before `start`."""
        return f"{self._address}{self._stage_path}" if self._server else ""

    def start(self) -> None:
        """Listen, and serve from now on."""
        listening = _listen(self._host, self._port)
        self._port = listening.getsockname()[1]
        complaints = Complaints(self._say)
        door = Door(complaints)
        app = RoomApp(self._director, self._pictures, door, complaints, self._stage_path)
        config = uvicorn.Config(
            self._access(app, door),
            loop="asyncio",  # whatever else is installed
            http=http_protocol(door),
            ws="websockets-sansio",
            backlog=max(1, door.most // 8),  # how many get in before the door sees the first of them
            h11_max_incomplete_event_size=_LARGEST_HEADER,
            proxy_headers=False,  # or else a header could claim where a request comes from
            ws_per_message_deflate=False,  # pictures are already compressed
            ws_max_size=_LARGEST_COMMAND,
            log_config=None,
            log_level=logging.CRITICAL,  # a page that leaves is not worth a message
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_CLOSE_S,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listening],), name="room server", daemon=True)
        self._pictures.start()
        self._thread.start()

    def show(self) -> None:
        """Open the control room in the user's browser."""
        self._opener.open(self.url)

    def close(self) -> None:
        """Disconnect all pages. Safe to call twice."""
        self._opener.close()
        if self._server is None or self._thread is None:
            return
        self._server.should_exit = True
        self._thread.join(_CLOSE_S + 3)
        self._pictures.close()
        self._thread = None

    @property
    def _address(self) -> str:
        return f"http://{_written(_reachable(self._host))}:{self._port}"

    @property
    def _stage_path(self) -> str:
        return f"/{self.stage_token}/stage"

    def _access(self, app: RoomApp, door: Door) -> Access:
        hosts = None
        if is_loopback(self._host):
            hosts = [f"{name}:{self._port}" for name in ("127.0.0.1", "localhost", "[::1]", _written(self._host))]
        return Access(app.starlette, hosts=hosts, room_token=self.token, stage_token=self.stage_token, knows=door.knows)


class _Listening(socket.socket):
    """Keeps the queue long; the server would make it only as long as what is let in at once."""

    def listen(self, backlog: int = _QUEUE) -> None:
        super().listen(_QUEUE)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = _Listening(family, socket.SOCK_STREAM)
        try:
            # Allows a port that was in use a moment ago; but on Windows it would share a port still in use.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(sys.platform != "win32"))
            listening.bind(address)
            listening.listen()
        except OSError:
            listening.close()
            raise
    except OSError as error:
        raise RoomError(
            f"the control room cannot listen on {_written(host)}:{port}",
            got=error.strerror or str(error),
            do="close the other puppet or program that uses this port, or choose another port: --sink browser:PORT",
        ) from error
    return listening


def _reachable(host: str) -> str:
    """The address at which others reach this machine, if `host` stands for all its addresses."""
    if host not in ("0.0.0.0", "::"):
        return host
    family, elsewhere = (socket.AF_INET, "192.0.2.1") if host == "0.0.0.0" else (socket.AF_INET6, "2001:db8::1")
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((elsewhere, 9))  # documentation addresses (RFC 5737, 3849); nothing is sent
            return str(probe.getsockname()[0])
    except OSError:
        return "127.0.0.1" if host == "0.0.0.0" else "::1"


def _written(host: str) -> str:
    return f"[{host}]" if ":" in host else host

"""What visits a control room in tests: plain HTTP and WebSockets, with whatever headers a stranger would send."""

import http.client
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import ClientConnection, connect

PATIENCE_S = 120.0  # a test that waits longer than this has failed


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers (lower case) and body of `url`."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    try:
        connection.request("GET", parts.path or "/", headers=headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def port_of(room_url: str) -> int:
    """Where the room at `room_url` listens."""
    return urlsplit(room_url).port or 0


def open_socket(room_url: str, path: str, **headers: str) -> ClientConnection:
    """A socket of the room at `room_url`. Raises websockets' InvalidStatus when it is refused."""
    address = room_url.replace("http:", "ws:") + path
    # Any number of messages may lie unread: else what follows them is not seen, the answer to `close` among it.
    return connect(address, additional_headers=headers, proxy=None, compression=None, max_size=None, max_queue=None)


def state_where(socket: ClientConnection, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The next state for which `wanted` holds."""
    for _ in range(300):
        message: dict[str, Any] = json.loads(socket.recv(PATIENCE_S))
        if message["kind"] == "state" and wanted(message):
            return message
    raise AssertionError("no such state came")


def said_where(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next message of this kind."""
    for _ in range(300):
        message: dict[str, Any] = json.loads(socket.recv(PATIENCE_S))
        if message["kind"] == kind:
            return message
    raise AssertionError(f"nothing of the kind {kind} came")


def camera_of(room_url: str, page: ClientConnection) -> ClientConnection:
    """The socket with the camera picture, after a press of "Show me" on `page`, a state socket."""
    page.send(json.dumps({"do": "show_me", "value": True}))
    return open_socket(room_url, f"pictures/camera?pass={said_where(page, 'camera')['code']}")


def next_picture(socket: ClientConnection) -> bytes:
    """Asks for one picture and waits for it."""
    socket.send("1")
    picture = socket.recv(PATIENCE_S)
    assert isinstance(picture, bytes)
    return picture

"""The control room's page: whether it can be served on its port, and if not, what is using the port."""

import socket
import sys
from collections.abc import Callable

from engines.errors import reason
from live.doctor.exams.holders import listeners
from live.doctor.finding import Finding
from live.room.room import DEFAULT_PORT

_HOST = "127.0.0.1"


def findings() -> list[Finding]:
    """See `examine_port`."""
    return [examine_port(DEFAULT_PORT, listeners)]


def examine_port(port: int, listeners: Callable[[int], list[str]]) -> Finding:
    """`listeners` names the programs that listen on a port."""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as listening:
            # As the room does: except on Windows, a port that was in use a moment ago counts as free.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(sys.platform != "win32"))
            listening.bind((_HOST, port))
            listening.listen(1)
    except OSError as error:
        names = ", ".join(listeners(port))
        who = f"is taken by {names}" if names else f"cannot be opened ({error.strerror or reason(error)})"
        do = f"close {names or 'the program that uses it'}, or use --sink browser:{port + 1}"
        return Finding("warning", f"port {port} {who}", do)
    return Finding("ok", f"can be served on {_HOST}:{port}")

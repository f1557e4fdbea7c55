"""`Access`: who may talk to the control room. Everybody else gets 403, at every address alike."""

import ipaddress
import secrets
from collections.abc import Callable, Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from live.room.entry.door import Address

# Nothing from elsewhere, nothing inline, nobody may frame it, and the address (with its token) is not passed on.
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
_REFUSED = (
    "403: not allowed. The address of the control room contains a secret that is new for each run. It is printed "
    "in the terminal where you started the puppet. In OBS: paste the address again (Copy OBS URL in the control room)."
)
_FOR_THE_STAGE = ("/stage", "/pictures/stage")  # and the files of the page


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def new_token() -> str:
    """The secret in an address, needed because other users of this machine can reach it too: 128 random bits."""
    return secrets.token_urlsafe(16)


class Access:
    """Lets a request through to `app`, or refuses it.

    `hosts`: the Host headers that are ours ("127.0.0.1:8137"); None: any. A page of another site whose name points to
    this machine (DNS rebinding) sends its own Host. An Origin, if present, has to match the Host. The first part of
    every path is a token: `room_token` opens everything, `stage_token` only the puppet. It is not a cookie, since a
    browser shows those to anything else that listens on this machine. `knows` is called with the address of every
    request that is let through.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Iterable[str] | None,
        room_token: str,
        stage_token: str,
        knows: Callable[[Address | None], None],
    ) -> None:
        if not room_token or not stage_token or room_token == stage_token:
            raise ValueError("the room and the stage each need their own token")
        self._app, self._knows = app, knows
        self._room_token, self._stage_token = room_token.encode(), stage_token.encode()
        self._hosts = None if hosts is None else frozenset(hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        path = self._allowed_path(scope)
        if path is not None:
            self._knows(scope["client"])
        if scope["type"] == "websocket":
            if path is None:
                await send({"type": "websocket.close"})  # before an accept: 403
                return
            await self._app({**scope, "path": path}, receive, send)
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        if path is None:
            await PlainTextResponse(_REFUSED, 403)(scope, receive, send_safely)
            return
        await self._app({**scope, "path": path}, receive, send_safely)

    def _allowed_path(self, scope: Scope) -> str | None:
        """The path without the token; None if refused."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or len(origins) > 1:  # with two, another part of the server may go by the other
            return None
        host = hosts[0].lower()
        if self._hosts is not None and host not in self._hosts:
            return None
        if origins and origins[0].lower() != f"http://{host}":
            return None
        first, _, rest = scope["path"].removeprefix("/").partition("/")
        token, path = first.encode("utf-8", "surrogatepass"), f"/{rest}"
        if secrets.compare_digest(token, self._room_token):
            return path
        staged = path in _FOR_THE_STAGE or path.startswith("/page/")
        return path if staged and secrets.compare_digest(token, self._stage_token) else None

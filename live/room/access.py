"""`Access`: who may talk to the control room. Everybody else gets 403, on every address alike."""

import ipaddress
import secrets
from collections.abc import Callable, Iterable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from live.room.door import Address

# Nothing from elsewhere, nothing inline, nobody may frame it, and the address (with its token) is told to nobody.
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach what listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def new_token() -> str:
    """What has to stand in the address when others in the network can reach the page: 128 random bits."""
    return secrets.token_urlsafe(16)


class Access:
    """Lets a request through to `app`, or refuses it.

    `hosts`: the Host headers that are ours ("127.0.0.1:8137"); None: any, then there has to be a `token`. A page of
    another site that has its name point to this machine (DNS rebinding) comes with its own Host. `token`: the first
    part of every path; "" where only this machine can reach us. An Origin, where there is one, has to be the Host.
    `knows` is told from where a request comes that is let through.
    """

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str] | None, token: str, knows: Callable[[Address | None], None]
    ) -> None:
        if hosts is None and not token:
            raise ValueError("a page that others can reach needs a token")
        self._app, self._token, self._knows = app, token, knows
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
            await PlainTextResponse("403: not allowed", 403)(scope, receive, send_safely)
            return
        await self._app({**scope, "path": path}, receive, send_safely)

    def _allowed_path(self, scope: Scope) -> str | None:
        """The path without the token; None: refused."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or len(origins) > 1:  # of two, another part of the server may believe the other one
            return None
        host = hosts[0].lower()
        if self._hosts is not None and host not in self._hosts:
            return None
        if origins and origins[0].lower() != f"http://{host}":
            return None
        path: str = scope["path"]
        if not self._token:
            return path
        first, _, rest = path.removeprefix("/").partition("/")
        return f"/{rest}" if secrets.compare_digest(first.encode(), self._token.encode()) else None

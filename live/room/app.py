"""The control room's web application: which address gives what, and what goes on in each socket.

/                    the control room           WS /state            JSON: state down, commands up
/stage               the puppet alone           WS /pictures/FEED    a picture down, anything up: the next one
/page/NAME           the page's files           /poster/NAME         a target's poster
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from live.puppet.errors import PuppetError
from live.room.commands import obey
from live.room.complaints import Complaints
from live.room.director_port import DirectorPort
from live.room.door import Door
from live.room.pages import Pages
from live.room.pictures import Pictures
from live.room.status_board import Newest, StatusBoard

_TELLING = ("message", "exception")  # of what asyncio knows about a fault


class RoomApp:
    """`starlette` is what the server runs."""

    def __init__(self, director: DirectorPort, pictures: Pictures, door: Door, complaints: Complaints) -> None:
        self._director, self._pictures = director, pictures
        self._door, self._complaints = door, complaints
        self._board: StatusBoard
        pages = Pages()
        self.starlette = Starlette(
            routes=[
                Route("/", pages.room),
                Route("/stage", pages.stage),
                Route("/page/{name}", pages.file),
                Route("/figure.json", pages.figure),
                Route("/poster/{name}", pages.poster),
                WebSocketRoute("/state", self._talk),
                WebSocketRoute("/pictures/{feed}", self._show),
            ],
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        asyncio.get_running_loop().set_exception_handler(self._went_wrong)
        self._board = StatusBoard(self._director)
        tasks = [asyncio.create_task(running) for running in (self._board.run(), self._door.run())]
        for task in tasks:
            task.add_done_callback(self._ended)
        yield
        for task in tasks:
            task.cancel()

    def _went_wrong(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """In place of a traceback each time: without a handle left, there are thousands of them."""
        told = [repr(context[key]) if key == "exception" else context[key] for key in _TELLING if key in context]
        self._complaints.add("server", ": ".join(told))

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._complaints.add("news", f"the page gets no more news: {type(error).__name__}: {error}")

    async def _talk(self, socket: WebSocket) -> None:
        """State down, commands up."""
        await socket.accept()
        newest = self._board.join()
        telling = asyncio.create_task(_send_newest(socket, newest))
        try:
            while True:
                refused = self._obey(await socket.receive_text())
                if refused:
                    await socket.send_text(json.dumps({"kind": "refused", "text": refused}))
        except WebSocketDisconnect:
            return
        finally:
            self._board.leave(newest)
            telling.cancel()

    def _obey(self, text: str) -> str:
        """Why the command was refused; empty: it was obeyed."""
        try:
            obey(self._director, text)
        except PuppetError as error:
            return str(error)
        self._board.changed()
        return ""

    async def _show(self, socket: WebSocket) -> None:
        """One picture down for each message up."""
        feed = socket.path_params["feed"]
        if feed not in self._pictures.names:
            await socket.close()
            return
        await socket.accept()
        loop, picture = asyncio.get_running_loop(), asyncio.Queue[bytes](1)
        viewer = self._pictures.join(feed, lambda data: _hand_over(loop, picture, data))
        sending = asyncio.create_task(_send_pictures(socket, picture))
        try:
            while (await socket.receive())["type"] == "websocket.receive":
                self._pictures.ask(feed, viewer)
        finally:
            self._pictures.leave(feed, viewer)
            sending.cancel()


async def _send_newest(socket: WebSocket, newest: Newest) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the page went; the receiving side notices
        while True:
            await socket.send_text(await newest.get())


async def _send_pictures(socket: WebSocket, picture: "asyncio.Queue[bytes]") -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.send_bytes(await picture.get())


def _hand_over(loop: asyncio.AbstractEventLoop, picture: "asyncio.Queue[Any]", data: bytes) -> None:
    """Called by the encoder's thread. A page that asks twice before it got one gets one."""

    def put() -> None:
        if not picture.full():
            picture.put_nowait(data)

    with contextlib.suppress(RuntimeError):  # the room closed just now
        loop.call_soon_threadsafe(put)

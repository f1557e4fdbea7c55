"""The control room's web application: what each address serves, and what each socket does.

/                    the control room           WS /state            JSON: state down, commands up
/stage               the puppet alone           WS /pictures/FEED    pictures down; any message up asks for the next
/page/NAME           the page's files           /poster/NAME         a target's poster
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from live.control.director_port import DirectorPort
from live.room.complaints import Complaints
from live.room.entry.camera_pass import CameraPass, CameraPasses
from live.room.entry.door import Door
from live.room.pace import MessagePace
from live.room.pages import Pages
from live.room.pictures import PageFeeds
from live.room.status_board import StatusBoard
from live.room.talk import Talk

_TELLING = ("message", "exception")  # what to report of an asyncio fault
_PER_S, _AT_ONCE = 200.0, 20  # more often than any feed has pictures
_SILENT_S = 5.0  # after this long without a request for a camera picture, nobody is looking at the page


class RoomApp:
    """`starlette` is what the server runs. `stage_path`: the path to /stage from outside."""

    def __init__(
        self, director: DirectorPort, pictures: PageFeeds, door: Door, complaints: Complaints, stage_path: str
    ) -> None:
        self._director, self._pictures, self._stage_path = director, pictures, stage_path
        self._door, self._complaints = door, complaints
        self._passes = CameraPasses()
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
        self._board = StatusBoard(self._director, self._passes.end_all)
        tasks = [asyncio.create_task(running) for running in (self._board.run(), self._door.run())]
        for task in tasks:
            task.add_done_callback(self._ended)
        yield
        for task in tasks:
            task.cancel()

    def _went_wrong(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Replaces asyncio's traceback per fault: when file handles run out, there are thousands of faults."""
        told = [repr(context[key]) if key == "exception" else context[key] for key in _TELLING if key in context]
        self._complaints.add("server", ": ".join(told))

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._complaints.add("news", f"the page is no longer updated: {type(error).__name__}: {error}")

    async def _talk(self, socket: WebSocket) -> None:
        await Talk(socket, self._director, self._board, self._passes, self._complaints).run(self._stage_path)

    async def _show(self, socket: WebSocket) -> None:
        """Send one picture for each message received. The camera's pictures need a pass, which this uses up."""
        feed, leave = socket.path_params["feed"], None
        if feed == "camera":
            leave = self._passes.use(socket.query_params.get("pass", ""))
        if feed not in self._pictures.names or (feed == "camera" and leave is None):
            await socket.close()
            return
        await socket.accept()
        loop, picture = asyncio.get_running_loop(), asyncio.Queue[bytes](1)
        viewer = self._pictures.join(feed, lambda data: _hand_over(loop, picture, data))
        sending, pace = asyncio.create_task(_send_pictures(socket, picture)), MessagePace(_PER_S, _AT_ONCE)
        try:
            while await (_asked(socket) if leave is None else _asked_with(leave, socket)):
                self._pictures.ask(feed, viewer)
                await pace.keep()
        finally:
            self._pictures.leave(feed, viewer)
            sending.cancel()


async def _asked(socket: WebSocket) -> bool:
    """Whether the page wants one more picture; False if it is gone."""
    return bool((await socket.receive())["type"] == "websocket.receive")


async def _asked_with(leave: CameraPass, socket: WebSocket) -> bool:
    """Like `_asked`, but only while the pass is valid and the page is not silent for too long."""
    asked, over = (asyncio.ensure_future(waited) for waited in (_asked(socket), leave.over.wait()))
    done, _ = await asyncio.wait((asked, over), timeout=_SILENT_S, return_when=asyncio.FIRST_COMPLETED)
    over.cancel()
    if over in done or asked not in done:
        asked.cancel()
        return False
    return asked.result()


async def _send_pictures(socket: WebSocket, picture: "asyncio.Queue[bytes]") -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.send_bytes(await picture.get())


def _hand_over(loop: asyncio.AbstractEventLoop, picture: "asyncio.Queue[Any]", data: bytes) -> None:
    """Called by the encoder's thread. A page that asks twice before it gets a picture gets one."""

    def put() -> None:
        if not picture.full():
            picture.put_nowait(data)

    with contextlib.suppress(RuntimeError):  # the room has just closed
        loop.call_soon_threadsafe(put)

"""`Talk`: connects one control page with the Director: state down, commands up."""

import asyncio
import contextlib
import json

from starlette.websockets import WebSocket, WebSocketDisconnect

from live.control.director_port import DirectorPort
from live.puppet.errors import PuppetError
from live.room.commands import execute
from live.room.complaints import Complaints
from live.room.entry.camera_pass import CameraPasses
from live.room.pace import MessagePace
from live.room.status_board import Newest, StatusBoard

_PER_S, _AT_ONCE = 200.0, 100  # a dragged slider sends one per screen refresh
_LONGEST_ANSWER = 1000


class Talk:
    """One socket of one page. `run` returns when the page is gone; no message from a page ends it."""

    def __init__(
        self,
        socket: WebSocket,
        director: DirectorPort,
        board: StatusBoard,
        passes: CameraPasses,
        complaints: Complaints,
    ) -> None:
        self._socket, self._director, self._board = socket, director, board
        self._passes, self._complaints = passes, complaints

    async def run(self, stage_path: str) -> None:
        """`stage_path`: the path of the page with only the puppet; sent to the page first."""
        await self._socket.accept()
        newest, pace = self._board.join(), MessagePace(_PER_S, _AT_ONCE)
        telling = asyncio.create_task(_send_newest(self._socket, newest))
        try:
            await self._send(kind="welcome", stage=stage_path)
            while (message := await self._socket.receive())["type"] == "websocket.receive":
                await pace.keep()
                await self._answer(message.get("text"))
        except (WebSocketDisconnect, RuntimeError):  # the page left while being answered
            return
        finally:
            self._board.leave(newest)
            self._passes.end(self)
            telling.cancel()

    async def _answer(self, text: str | None) -> None:
        wishes: list[bool] = []
        refused = self._obey(text, wishes)
        if refused:
            await self._send(kind="refused", text=refused[:_LONGEST_ANSWER])
            return
        self._board.changed()
        for wish in wishes:
            await self._show_me(wish)

    def _obey(self, text: str | None, wishes: list[bool]) -> str:
        """Why the command was refused; empty if it was obeyed. Requests for the camera picture go into `wishes`."""
        try:
            execute(self._director, text, show_me=wishes.append)
        except PuppetError as error:
            return str(error)
        except Exception as error:  # whatever a page sends, all sockets stay open
            told = f"{type(error).__name__}: {error}"
            self._complaints.add("command", f"a page's command failed: {told[:_LONGEST_ANSWER]}")
            return told
        return ""

    async def _show_me(self, on: bool) -> None:
        """Permission to see the camera picture goes only to the page that asked."""
        self._passes.end(self)
        if on and self._director.state().hidden:
            await self._send(kind="refused", text='you are hidden; do this: press "Show again" first')
        elif on:
            await self._send(kind="camera", code=self._passes.give(self))

    async def _send(self, **message: object) -> None:
        await self._socket.send_text(json.dumps(message))


async def _send_newest(socket: WebSocket, newest: Newest) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the page left; the receiving side notices
        while True:
            await socket.send_text(await newest.get())

"""`StatusBoard`: reads the Director's state a few times a second, once for all pages, and sends it to each."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict

from live.control.director_port import DirectorPort
from live.control.wizard_port import WizardView
from live.telemetry.loop_state import LoopState

_EVERY_S, _EVERY_S_IN_WIZARD = 0.2, 0.1
_LEAST_S = 0.03  # between two updates, however many commands come


class Newest:
    """The newest text for one page; a text not fetched in time is replaced."""

    def __init__(self) -> None:
        self._text, self._there = "", asyncio.Event()

    def put(self, text: str) -> None:
        self._text = text
        self._there.set()

    async def get(self) -> str:
        await self._there.wait()
        self._there.clear()
        return self._text


class StatusBoard:
    """Lives in the room's event loop. `hidden` is called each time the state says that the show is hidden."""

    def __init__(self, director: DirectorPort, hidden: Callable[[], None]) -> None:
        self._director, self._hidden = director, hidden
        self._pages: set[Newest] = set()
        self._wake = asyncio.Event()

    def join(self) -> Newest:
        """Add a page; it gets the state at once."""
        newest = Newest()
        self._pages.add(newest)
        self._wake.set()
        return newest

    def leave(self, newest: Newest) -> None:
        """A page is gone."""
        self._pages.discard(newest)

    def changed(self) -> None:
        """Somebody gave a command: update all pages now."""
        self._wake.set()

    async def run(self) -> None:
        """Keep updating all pages, forever. Without pages, nothing is read."""
        while True:
            pause_s = None
            if self._pages:
                state = self._director.state()
                if state.hidden:
                    self._hidden()
                text = state_text(state, self._director.viewfinder.wizard)
                for page in self._pages:
                    page.put(text)
                pause_s = _EVERY_S_IN_WIZARD if state.calibrating else _EVERY_S
                await asyncio.sleep(_LEAST_S)
            try:
                await asyncio.wait_for(self._wake.wait(), pause_s)
            except asyncio.TimeoutError:  # the usual case; an alias of TimeoutError only since Python 3.11
                continue
            self._wake.clear()


def state_text(state: LoopState, wizard: WizardView | None) -> str:
    """The Director's state and what the wizard shows, as one line of JSON."""
    return json.dumps({"kind": "state", **state.to_json(), "wizard": None if wizard is None else _wizard_json(wizard)})


def _wizard_json(view: WizardView) -> dict[str, object]:
    said = asdict(view)
    del said["stats"]  # the performer's measures are for the loop, not the page
    return said

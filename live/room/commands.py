"""What a page asks for: one line of JSON, checked, then done by the Director."""

import json
from collections.abc import Callable

from live.puppet.errors import PuppetError
from live.room.director_port import DirectorPort


class CommandError(PuppetError):
    """A message that is no command of this version: the page is an old one, or not ours."""


def obey(director: DirectorPort, text: str) -> None:
    """Do what `text` says: {"do": "change", "name": ..., "value": ...} or {"do": "hide", "value": true} and the like.

    Raises CommandError for a text that is no command, PuppetError for a wish that cannot be.
    """
    try:
        message = json.loads(text)
    except ValueError as error:
        raise CommandError("the page sent something that is no command", got=text[:80], do="reload the page") from error
    asked, value = (message.get("do"), message.get("value")) if isinstance(message, dict) else (None, None)
    if asked == "change" and isinstance(name := message.get("name"), str):
        director.change(name, value)
        return
    switch = _switches(director).get(asked) if isinstance(asked, str) else None
    if switch is None or not isinstance(value, bool):
        raise CommandError("the page sent an unknown command", got=text[:80], do="reload the page")
    switch(value)


def _switches(director: DirectorPort) -> dict[str, Callable[[bool], object]]:
    return {
        "freeze": director.freeze,
        "hide": director.hide,
        "calibrate": director.calibrate,
        "record": lambda on: director.record(None) if on else director.stop_recording(),
    }

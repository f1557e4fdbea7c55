"""What a page asks for: one line of JSON, checked, then done by the Director."""

import json
from collections.abc import Callable

from live.puppet.errors import PuppetError
from live.room.director_port import DirectorPort

_LONGEST = 1024  # characters of a text that is a value
_LARGEST = 1 << 31


class CommandError(PuppetError):
    """A message that is no command of this version: the page is an old one, or not ours."""


def obey(director: DirectorPort, text: str | None, *, show_me: Callable[[bool], object]) -> None:
    """Do what `text` says: {"do": "change", "name": ..., "value": ...} or {"do": "hide", "value": true} and the like.

    None: it was no text. `show_me` is for the page alone. Raises CommandError for a text that is no command,
    PuppetError for a wish that cannot be.
    """
    message = _read(text)
    asked, value = message.get("do"), message.get("value")
    if asked == "change" and isinstance(name := message.get("name"), str) and _is_plain(value):
        director.change(name, value)
        return
    switches = {**_switches(director), "show_me": show_me}
    switch = switches.get(asked) if isinstance(asked, str) else None
    if switch is None or not isinstance(value, bool):
        raise CommandError("the page sent an unknown command", got=_shown(text), do="reload the page")
    switch(value)


def _read(text: str | None) -> dict[str, object]:
    try:
        message = json.loads(text or "", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise CommandError("the page sent no command", got=_shown(text), do="reload the page") from error
    return message if isinstance(message, dict) else {}


def _is_plain(value: object) -> bool:
    """Whether a setting can have this value: no list, no book, nothing that cannot be written on a terminal."""
    if isinstance(value, str):
        return len(value) <= _LONGEST and value.isprintable()
    return isinstance(value, bool | float) or (isinstance(value, int) and abs(value) <= _LARGEST)


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _shown(text: str | None) -> str:
    return "no text" if text is None else ascii(text[:80])


def _switches(director: DirectorPort) -> dict[str, Callable[[bool], object]]:
    return {
        "freeze": director.freeze,
        "hide": director.hide,
        "calibrate": director.calibrate,
        "record": lambda on: director.record(None) if on else director.stop_recording(),
    }

"""Carries out a page's command: one line of JSON, checked, then passed to the Director."""

import json
from collections.abc import Callable

from engines.bundle import find_targets
from live.control.director_port import DirectorPort
from live.puppet.errors import PuppetError
from live.scene.background import is_background

_LONGEST = 1024  # characters of a text value
_LARGEST = 1 << 31


class CommandError(PuppetError):
    """The message is not a command of this version: the page is outdated, or not ours."""


def execute(director: DirectorPort, text: str | None, *, show_me: Callable[[bool], object]) -> None:
    """Do what `text` says: {"do": "change", "name": ..., "value": ...} or {"do": "hide", "value": true} and the like.

    `text` None: the message was not text. `show_me` concerns only this page. Raises CommandError if `text` is not a
    command, PuppetError if it cannot be carried out.
    """
    message = _read(text)
    asked, value = message.get("do"), message.get("value")
    if asked == "change" and isinstance(name := message.get("name"), str) and _is_plain(name) and _is_plain(value):
        _check_reach(director, name, value)
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


def _check_reach(director: DirectorPort, name: str, value: object) -> None:
    """Raises CommandError for a file not named at this machine: no page may open it or learn whether it exists."""
    given = director.given
    if name == "background" and not (value == given.background or (isinstance(value, str) and is_background(value))):
        raise CommandError(
            "a page cannot choose this background",
            got=ascii(value),
            wanted="plate, green, #RRGGBB, or the picture that the run was started with",
            do="start again with --background FILE",
        )
    if name == "target" and value != given.target and value not in find_targets():
        raise CommandError(
            "a page cannot choose this character",
            got=ascii(value),
            wanted="an installed one, or the one that the run was started with",
            do="start again with --target FOLDER",
        )


def _is_plain(value: object) -> bool:
    """Whether a setting can have this value: no list, no overlong text, nothing that a terminal cannot print."""
    if isinstance(value, str):
        return len(value) <= _LONGEST and value.isprintable()
    return isinstance(value, bool | float) or (isinstance(value, int) and abs(value) <= _LARGEST)


def _no_number(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def _shown(text: str | None) -> str:
    return "no text" if text is None else ascii(text[:80])


def _switches(director: DirectorPort) -> dict[str, Callable[[bool], object]]:
    return {
        "freeze": director.freeze,
        "hide": director.hide,
        "calibrate": director.calibrate,
        "record": lambda on: director.record(None) if on else director.stop_recording(),
    }

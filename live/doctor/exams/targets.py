"""The targets: checks the hash of every file of the shipped ones and of the user's own."""

from pathlib import Path

from engines.bundle import SHIPPED, find_targets, open_bundle, user_targets
from engines.errors import EngineError
from live.doctor.finding import Finding

_AGAIN = "restore the program's files: git checkout -- engines/targets, or download it again"


def findings() -> list[Finding]:
    """See `examine_targets`."""
    return examine_targets(SHIPPED, user_targets())


def examine_targets(shipped: Path, own: Path) -> list[Finding]:
    """A line for the targets that came with the program, one for the user's own, whose names are private, and one for
    each damaged one.
    """
    whole, damaged = _opened(shipped)
    found = [Finding("bad", f"{name} is damaged: {error.what}", _AGAIN) for name, error in damaged.items()]
    if whole:
        found.insert(0, Finding("ok", f"intact: {', '.join(whole)}"))
    elif not damaged:
        found.append(Finding("bad", "none came with the program", _AGAIN))
    whole, damaged = _opened(own)
    if whole:
        found.append(Finding("ok", f"intact, your own: {', '.join(whole)}", private=tuple(whole)))
    for name, error in damaged.items():
        found.append(Finding("warning", f"your own {name} is damaged: {error.what}", error.do, private=(name,)))
    return found


def _opened(folder: Path) -> tuple[list[str], dict[str, EngineError]]:
    """The names of the intact ones, and what is wrong with each of the others."""
    whole, damaged = [], {}
    for name, place in find_targets([folder]).items():
        try:
            open_bundle(place)
        except EngineError as error:
            damaged[name] = error
        else:
            whole.append(name)
    return whole, damaged

"""Whose film is it? Asked once of whoever makes a puppet; the answer goes into the bundle (`engines.consent`)."""

from pathlib import Path
from typing import TextIO

from engines.bundle import open_bundle
from engines.consent import CONSENTS
from engines.errors import EngineError

_QUESTION = "Whose film is it? A puppet of a real person needs that person's consent."
_UNSTATED = (
    "nobody said whose film this is, and the puppet will say so; do this: add --film-of "
    f"{'|'.join(CONSENTS)} ({'; '.join(f'{key}: {text}' for key, text in CONSENTS.items())})"
)
_TRIES = 3  # answers that are read before giving up


def film_of(given: str | None, made: Path, stdin: TextIO | None, out: TextIO) -> str:
    """A key of CONSENTS, or "" (with a notice on `out`) when nobody answers.

    `given`: the flag's value. Without it the answer is taken from the bundle in `made` that is to be replaced, or else
    asked for on the terminal.
    """
    stated = given or _stated_before(made)
    if not stated and stdin is not None and stdin.isatty() and out.isatty():
        stated = _ask(stdin, out)
    if not stated:
        print(_UNSTATED, file=out, flush=True)
    return stated


def _stated_before(made: Path) -> str:
    try:
        return open_bundle(made).consent
    except EngineError:  # no bundle yet, or a damaged one: nothing was stated
        return ""


def _ask(stdin: TextIO, out: TextIO) -> str:
    print(_QUESTION, *(f"  {key:<10} {text}" for key, text in CONSENTS.items()), sep="\n", file=out)
    for _ in range(_TRIES):
        print(f"{' / '.join(CONSENTS)}? ", end="", file=out, flush=True)
        answer = stdin.readline().strip().lower()
        if answer in CONSENTS:
            return answer
    return ""

"""The first run: chooses the target when none was named, and prints the list to pick from."""

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from engines.bundle import find_targets, open_bundle
from engines.errors import EngineError
from engines.messages import Info, Say
from engines.system.user_folders import USER
from engines.system.whole_file import write_whole

_FRAMINGS = {"full": "whole body", "half": "seated"}
_TRIES = 3  # wrong answers before giving up


@dataclass(frozen=True, slots=True)
class Offered:
    """An installed target, as the list shows it. `problem`: why it cannot be used; "" if it can."""

    name: str
    title: str = ""
    licence: str = ""
    framings: tuple[str, ...] = ()
    poster: Path | None = None
    problem: str = ""


def offered_targets() -> list[Offered]:
    """Every installed target, in order of name, including damaged ones, which say so."""
    return [_offered(name, folder) for name, folder in find_targets().items()]


def listing(targets: list[Offered]) -> str:
    """The targets, numbered from 1, and how to start one."""
    if not targets:
        return "No target is installed. Make your own from a video: python -m train --help"
    rows = [row for number, target in enumerate(targets, 1) for row in (*_rows(number, target), "")]
    example = next((target.name for target in targets if not target.problem), "NAME")
    start = [
        f"start one:        python run_live.py --target {example}",
        "pick by picture:  python run_live.py --sink browser",
        "make your own:    python -m train --help",
    ]
    return "\n".join(("", *rows, *start))


def choose_target(*, page: bool, busy: bool, stdin: TextIO | None, out: TextIO, say: Say) -> str | None:
    """The target for a run that named none; None: the list was shown, and there is nothing to run.

    `page`: the target can be changed there, so the run starts with the last one used. `busy`: a source or sink was
    named, so the user wants pictures, not questions. Otherwise a terminal is asked.
    """
    targets = offered_targets()
    whole = [target for target in targets if not target.problem]
    usual = last_target() or (whole[0].name if whole else None)
    if usual is not None and (page or busy):
        others = ", ".join(target.name for target in whole if target.name != usual)
        say(Info(f"no --target given: using {usual}" + (f" (also installed: {others})" if others else "")))
        return usual
    print(listing(targets), file=out, flush=True)
    if usual is None or stdin is None or not stdin.isatty() or not out.isatty():
        return None
    return _ask(targets, usual, stdin, out)


def last_target() -> str | None:
    """The installed target that was used last; None if there was none, or it is gone."""
    try:
        name = _memory().read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return None
    return name if name in find_targets() else None


def remember_target(name: str) -> None:
    """Start with `name` next time, if it is installed. Silently does nothing if the name cannot be saved."""
    if name not in find_targets() or name == last_target():
        return
    path = _memory()
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, f"{name}\n".encode())


def _memory() -> Path:
    return USER.user_config_path / "last_target"


def _offered(name: str, folder: Path) -> Offered:
    try:
        bundle = open_bundle(folder)
    except EngineError as error:
        return Offered(name, problem=str(error))
    return Offered(name, bundle.title, bundle.licence, tuple(sorted(bundle.takes)), bundle.poster)


def _rows(number: int, target: Offered) -> list[str]:
    if target.problem:
        return [f"{number:>3}  {target.name}", f"     cannot be used: {target.problem}"]
    framings = ", ".join(_FRAMINGS.get(framing, framing) for framing in target.framings)
    rows = [f"{number:>3}  {target.name}: {target.title} ({framings})", f"     licence: {target.licence}"]
    return [*rows, f"     picture: {target.poster}"] if target.poster is not None else rows


def _ask(targets: list[Offered], usual: str, stdin: TextIO, out: TextIO) -> str | None:
    whole = [target.name for target in targets if not target.problem]
    for _ in range(_TRIES):
        print(f"\nWho do you want to be? Number or name (Enter: {usual}): ", end="", file=out, flush=True)
        line = stdin.readline()
        answer = line.strip()
        if not line:  # Ctrl-D
            print(file=out)
            return None
        if answer.isdecimal() and 1 <= int(answer) <= len(targets):
            answer = targets[int(answer) - 1].name
        if (answer or usual) in whole:
            return answer or usual
        print(f"not in the list: {answer}; wanted 1 to {len(targets)}, or {', '.join(whole)}", file=out, flush=True)
    return None

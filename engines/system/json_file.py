"""Reads JSON that a stranger may have written, and checks it so that every later step can rely on its values."""

import json
import math
from pathlib import Path
from typing import Any, NoReturn

_DEEPEST = 32
_MOST_DIGITS = 64  # in a whole number; the state of a random generator has 39
_LARGEST = 1 << 20  # bytes


def read_json(path: Path, *, largest: int = _LARGEST) -> Any:
    """The value in a JSON file of at most `largest` bytes. Raises OSError, and ValueError as `parse_json` does."""
    if path.exists() and not path.is_file():  # opening a pipe would wait for a writer
        raise OSError(f"not a file: {path}")
    with path.open("rb") as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise ValueError(f"it is larger than {largest} bytes")
    return parse_json(content)


def parse_json(content: str | bytes) -> Any:
    """The value of a JSON text: its numbers are finite, its texts can be written as UTF-8, it is at most 32 deep.

    Raises ValueError otherwise: for NaN and 1e999, half a surrogate pair, a depth that would break later recursion.
    """
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        value = json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    _check(value)
    return value


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"it has a number out of range: {digits:.40}")
    return value


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a number")


def _check(value: object) -> None:
    level, depth = [value], 0
    while level:
        depth += 1
        if depth > _DEEPEST:
            raise ValueError(f"it is nested deeper than {_DEEPEST} levels")
        below: list[object] = []
        for item in level:
            if isinstance(item, str):
                item.encode()  # UnicodeEncodeError is a ValueError
            elif isinstance(item, dict):
                below.extend(item)
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
        level = below

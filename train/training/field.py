"""The fields of a file of tensors and plain values, each of its kind. All raise LookupError or ValueError."""

from collections.abc import Mapping
from typing import Any

_MOST = 1 << 40  # steps, seconds


def whole(values: Mapping[str, Any], name: str, *, least: int = 0) -> int:
    """A whole number, `least` or more."""
    value = values[name]
    if type(value) is not int or not least <= value <= _MOST:
        raise ValueError(f"{name} is {value!r:.40}, wanted a whole number from {least} on")
    return value


def seconds(values: Mapping[str, Any], name: str) -> float:
    """A length of time, 0 or more."""
    value = values[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise ValueError(f"{name} is {value!r:.40}, wanted seconds")
    return float(value)


def text(values: Mapping[str, Any], name: str) -> str:
    """A line of text."""
    value = values[name]
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{name} is {value!r:.40}, wanted a line of text")
    return value


def table(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Values by name."""
    value = values[name]
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"{name} is {value!r:.40}, wanted values by name")
    return value

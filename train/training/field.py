"""Reads the fields of a file of tensors and plain values, by type. Readers raise LookupError or ValueError."""

from collections.abc import Mapping
from typing import Any

_MOST = 1 << 40  # steps, seconds


def shown(value: object) -> str:
    """An untrusted value for an error message: short, and in ASCII. Anything but a plain value, such as a tensor, is
    only named by type: printing it may take any amount of memory.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return ascii(value)[:40]
    return f"a {type(value).__name__}"


def is_version(value: object, wanted: int) -> bool:
    """Whether `value` is this version; a tensor, which cannot be compared plainly, is not."""
    return type(value) is int and value == wanted


def whole(values: Mapping[str, Any], name: str, *, least: int = 0) -> int:
    """A whole number, `least` or more."""
    value = values[name]
    if type(value) is not int or not least <= value <= _MOST:
        raise ValueError(f"{name} is {shown(value)}, wanted a whole number, {least} or more")
    return value


def seconds(values: Mapping[str, Any], name: str) -> float:
    """A length of time, 0 or more."""
    value = values[name]
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _MOST:
        raise ValueError(f"{name} is {shown(value)}, wanted seconds")
    return float(value)


def text(values: Mapping[str, Any], name: str) -> str:
    """A line of text."""
    value = values[name]
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{name} is {shown(value)}, wanted a line of text")
    return value


def table(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Values by name."""
    value = values[name]
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ValueError(f"{name} is {shown(value)}, wanted values by name")
    return value

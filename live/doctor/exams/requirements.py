"""`Requirements`: the Python and libraries that the program needs, from pyproject.toml or its installation."""

import importlib.metadata
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

PROGRAM = "everybody-dance-live"
_PYPROJECT = Path(__file__).resolve().parents[3] / "pyproject.toml"
_NAME = re.compile(r"\s*([A-Za-z0-9._-]+)\s*(.*)")
_CLAUSE = re.compile(r"\s*(==|>=|<=|!=|~=|>|<)\s*([0-9][0-9.]*)")
_COMPARED: dict[str, Callable[[tuple[int, ...], tuple[int, ...]], bool]] = {
    "==": lambda have, want: have == want,
    "!=": lambda have, want: have != want,
    ">=": lambda have, want: have >= want,
    "<=": lambda have, want: have <= want,
    ">": lambda have, want: have > want,
    "<": lambda have, want: have < want,
}


@dataclass(frozen=True, slots=True)
class Requirements:
    """python: such as ">=3.10,<3.13". libraries: name -> such as ">=1.26,<2", without extras. "": any version."""

    python: str
    libraries: Mapping[str, str]


def read_requirements(pyproject: Path = _PYPROJECT) -> Requirements:
    """From `pyproject` if it exists (an installation may be older), else from what pip installed.

    Empty if there is neither.
    """
    try:
        text = pyproject.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return _installed()
    # Without a TOML parser, which Python 3.10 does not have.
    listed = re.search(r"^dependencies = \[(.*?)^\]", text, re.DOTALL | re.MULTILINE)
    python = re.search(r'^requires-python = "([^"]*)"', text, re.MULTILINE)
    lines = re.findall(r'^\s*"([^"]+)"', listed[1], re.MULTILINE) if listed else []
    return Requirements(python[1] if python else "", _by_name(lines))


def fits(version: str, wanted: str) -> bool:
    """Whether a version such as "4.11.0.86" fits ">=4.9,<5"."""
    have = _numbers(version)
    for sign, limit in _CLAUSE.findall(wanted):
        want = _numbers(limit)
        size = max(len(have), len(want))
        if not _COMPARED.get(sign, _COMPARED[">="])(_padded(have, size), _padded(want, size)):
            return False
    return True


def _installed() -> Requirements:
    try:
        found = importlib.metadata.metadata(PROGRAM)
    except importlib.metadata.PackageNotFoundError:
        return Requirements("", {})
    lines = [line for line in found.get_all("Requires-Dist") or [] if "extra ==" not in line]
    python = found.get_all("Requires-Python") or [""]
    return Requirements(python[0], _by_name(lines))


def _by_name(lines: list[str]) -> dict[str, str]:
    parts = (_NAME.match(line.partition(";")[0]) for line in lines)
    return {part[1]: part[2].strip() for part in parts if part}


def _numbers(version: str) -> tuple[int, ...]:
    """(4, 11, 0) for "4.11.0rc1": only the leading numbers."""
    leading = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in leading[0].split(".")) if leading else ()


def _padded(numbers: tuple[int, ...], size: int) -> tuple[int, ...]:
    return numbers + (0,) * (size - len(numbers))

"""Keeps the names of user and computer out of what the doctor prints, which may be shown in a stream or bug report."""

import getpass
import os
import re
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from live.doctor.finding import Finding

_SHORTEST = 3  # a shorter name would match everywhere


@dataclass(frozen=True, slots=True)
class Privacy:
    """home: the user's home folder; "" if there is none. names: of user and computer."""

    home: str
    names: tuple[str, ...]

    def cleared(self, finding: Finding, *, report: bool = False) -> Finding:
        """The finding with "~" for the home folder and "(name)" for names; in a report, also for its private words."""
        hidden = finding.private if report else ()
        return Finding(finding.mark, self._clear(finding.text, hidden), self._clear(finding.do, hidden))

    def _clear(self, text: str, hidden: Sequence[str]) -> str:
        if self.home:
            text = re.sub(re.escape(self.home) + r"(?![\w.-])", "~", text)
        for name in sorted({*self.names, *hidden}, key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "(name)", text, flags=re.IGNORECASE)
        return text


def of_this_user() -> Privacy:
    """The `Privacy` for the current user, as far as the system tells."""
    names = {_user(), socket.gethostname(), socket.gethostname().partition(".")[0]}
    home = _home()
    names.add(Path(home).name)
    return Privacy(home, tuple(sorted(name for name in names if len(name) >= _SHORTEST)))


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name; KeyError before Python 3.13
        return ""


def _home() -> str:
    try:
        home = str(Path.home())
    except RuntimeError:
        return ""
    return home if home != os.sep else ""

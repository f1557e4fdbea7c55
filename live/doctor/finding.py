"""`Finding`: one line of what an exam found."""

from dataclasses import dataclass
from typing import Literal, get_args

# ok: as it should be. warning: the demo runs, but something that people want does not, or not well. bad: the demo does
# not run. absent: this machine has no such thing, and needs none.
Mark = Literal["ok", "warning", "bad", "absent"]
MARKS: tuple[Mark, ...] = get_args(Mark)


@dataclass(frozen=True, slots=True)
class Finding:
    """text: what was found, in a line. do: what its reader can do, "" where nothing is to be done.

    private: words in `text` or `do` that the user chose, such as the name of a target; not shown in a bug report.
    """

    mark: Mark
    text: str
    do: str = ""
    private: tuple[str, ...] = ()

"""`Finding`: one line of what an exam found."""

from dataclasses import dataclass
from typing import Literal, get_args

# ok: as it should be. warning: the demo runs, but something people want does not work, or not well. bad: the demo does
# not run. absent: this machine has no such thing, and needs none.
Mark = Literal["ok", "warning", "bad", "absent"]
MARKS: tuple[Mark, ...] = get_args(Mark)


@dataclass(frozen=True, slots=True)
class Finding:
    """text: what was found, in one line. do: what the reader can do; "" if there is nothing to do.

    private: words in `text` or `do` that the user chose, such as a target's name; not shown in a bug report.
    """

    mark: Mark
    text: str
    do: str = ""
    private: tuple[str, ...] = ()

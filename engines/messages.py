"""Messages to the user: plain texts, `Info`, which `--quiet` leaves out, and `Detail`, for the log alone."""

from collections.abc import Callable

Say = Callable[[str], None]  # takes one line that is not an error


class Info(str):
    """A line that reports no problem and asks for nothing. Say it like any other: `say(Info("engine: ..."))`.

    A plain str is always shown.
    """

    __slots__ = ()


class Detail(str):
    """A line that only a bug report needs, such as a traceback."""

    __slots__ = ()

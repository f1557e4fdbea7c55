"""What is said to the user: plain texts, `Info`, which `--quiet` leaves out, and `Detail`, for the log alone."""

from collections.abc import Callable

Say = Callable[[str], None]  # one line that is no error


class Info(str):
    """A line that tells of nothing wrong and asks for nothing. Say it like any other text: `say(Info("engine: ..."))`.

    A plain str is always shown.
    """

    __slots__ = ()


class Detail(str):
    """What only a bug report needs, such as a traceback."""

    __slots__ = ()

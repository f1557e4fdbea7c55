"""What is said besides plain texts: `News`, left out by `--quiet`, and `Detail`, for the log alone."""


class News(str):
    """A line that tells of nothing wrong and asks for nothing. Say it like any other text: `say(News("engine: ..."))`.

    A plain str is always shown.
    """

    __slots__ = ()


class Detail(str):
    """What only a bug report needs, such as a traceback."""

    __slots__ = ()

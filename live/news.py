"""`News`: a line for the user that tells of nothing wrong and asks for nothing, so that `--quiet` leaves it out."""


class News(str):
    """Say it like any other text: `say(News("engine: openvino CPU bf16"))`. A plain str is always shown."""

    __slots__ = ()

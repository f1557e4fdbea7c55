"""`Sink`: the interface of every output."""

from typing import Protocol

from live.puppet.values import PuppetFrame


class Sink(Protocol):
    """Takes pictures at a constant rate. Opened, used and closed from one thread.

    `open` gets the picture's (width, height) and the rate; it and `send` raise SinkError. While a sink has
    `wants_cutout = True`, its frames have their `cutout` filled; it may change this at any time.
    """

    name: str

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Get ready for pictures of (width, height) at `fps` a second."""
        ...

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        """Take one picture. Its arrays belong to the sender; copy what you keep. False: the user closed this sink.

        `tick` counts the beats of the output from 0; it skips only if the machine could not keep up.
        """
        ...

    def close(self, *, complete: bool) -> None:
        """Free it. `complete`: the run ended as it should, so its output may get its final name."""
        ...

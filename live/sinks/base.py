"""What every sink is."""

from typing import Protocol

from live.puppet.values import PuppetFrame


class Sink(Protocol):
    """Takes pictures at a constant rate. Opened, used and closed from one thread.

    `open` is told the picture's (width, height) and the rate; it and `send` raise SinkError. A sink that has
    `wants_cutout = True` gets frames whose `cutout` is filled, as long as it has; it may change its mind at any time.
    """

    name: str

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Get ready for pictures of (width, height) at `fps` a second."""
        ...

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        """Take one picture, whose arrays are the sender's: copy to keep. False: the user closed this sink.

        `tick` counts the beats of the output from 0; it only skips when the machine could not keep up.
        """
        ...

    def close(self, *, complete: bool) -> None:
        """Free it. `complete`: the run ended as it should, so what was made may get its final name."""
        ...

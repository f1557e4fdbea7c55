"""`NullSink`: takes everything and keeps nothing, for measuring the loop."""

from live.puppet.values import PuppetFrame


class NullSink:
    """An output that goes nowhere."""

    name = "null"

    def open(self, size: tuple[int, int], fps: float) -> None:
        return None

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        return True

    def close(self, *, complete: bool) -> None:
        return None

"""`NullSink`: takes everything and keeps nothing; to measure the loop."""

from live.puppet.values import PuppetFrame


class NullSink:
    """Goes nowhere."""

    name = "null"

    def open(self, size: tuple[int, int], fps: float) -> None:
        return None

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        return True

    def close(self, *, complete: bool) -> None:
        return None

"""`RoomSink`: the control room and its /stage as an output of the run."""

from live.puppet.values import PuppetFrame
from live.room.pictures import PageFeeds


class RoomSink:
    """Passes on the newest picture if a page is waiting for one, and never waits itself."""

    def __init__(self, pictures: PageFeeds, name: str) -> None:
        self.name = name
        self._pictures = pictures

    @property
    def wants_cutout(self) -> bool:
        """Whether frames need their `cutout` now: only while a /stage is open."""
        return self._pictures.wants_cutout

    def open(self, size: tuple[int, int], fps: float) -> None:
        """Nothing to do: the Room serves before `open` and after `close`."""

    def send(self, frame: PuppetFrame, tick: int) -> bool:
        self._pictures.offer(frame)
        return True

    def close(self, *, complete: bool) -> None:
        """Nothing to do; see `open`."""

"""`Source`: the interface of every source."""

from typing import Protocol

from live.puppet.values import Frame


class Source(Protocol):
    """Gives frames with ids counted from 0. Used from one thread.

    name: for people. fps: nominal. size: (width, height) of every frame, in pixels. live: a camera, which cannot wait
    and may come back after a fault.
    """

    name: str
    fps: float
    size: tuple[int, int]
    live: bool

    def read(self) -> Frame | None:
        """The next frame, or None at the end. For a file, `t_capture_s` counts from 0 by the file's own timestamps.

        The picture belongs to the caller. Raises CameraError if the source breaks; a live one may be read again later.
        """
        ...

    def close(self) -> None:
        """Free the device or file. May be called twice."""
        ...

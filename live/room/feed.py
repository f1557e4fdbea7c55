"""`Feed`: one kind of picture, and the pages waiting for the next one. `Viewer`: one page that looks at a feed."""

from collections.abc import Callable
from dataclasses import dataclass, field

from engines.arrays import U8


@dataclass(frozen=True, slots=True)
class Still:
    """Copies of the newest puppet picture: `image` (H, W, 3) RGB, `cutout` (H, W, 4) RGBA; None if no feed needs it."""

    image: U8 | None
    cutout: U8 | None


class Viewer:
    """A page that looks at one feed. The encoder's thread calls `deliver` with each picture it asked for."""

    def __init__(self, deliver: Callable[[bytes], None]) -> None:
        self.deliver = deliver


@dataclass(slots=True)
class Feed:
    """`encode` makes a picture, or returns None if there is none now; at most `per_s` a second, once for all waiting.

    `image`, `cutout`: which parts of the puppet picture `encode` needs. Owned by `PageFeeds`, under its lock.
    """

    encode: Callable[[Still], bytes | None]
    per_s: float
    image: bool = False
    cutout: bool = False
    viewers: set[Viewer] = field(default_factory=set)
    waiting: set[Viewer] = field(default_factory=set)
    due_s: float = 0.0

    def take_turn(self, now_s: float) -> bool:
        """Whether to make a picture now; if so, the next comes 1 / `per_s` later at the earliest, on average."""
        if not self.waiting or now_s < self.due_s:
            return False
        self.due_s = max(self.due_s + 1 / self.per_s, now_s)
        return True

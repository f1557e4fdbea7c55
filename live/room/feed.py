"""`Feed`: one kind of picture, and the pages that wait for the next one. `Viewer`: one page's place in it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from engines.arrays import U8


@dataclass(frozen=True, slots=True)
class Still:
    """Copies of the newest puppet picture: `image` (H, W, 3) RGB, `cutout` (H, W, 4) RGBA; None what no feed needs."""

    image: U8 | None
    cutout: U8 | None


class Viewer:
    """A page that looks at one feed. `deliver` is called from the encoder's thread with each picture it asked for."""

    def __init__(self, deliver: Callable[[bytes], None]) -> None:
        self.deliver = deliver


@dataclass(slots=True)
class Feed:
    """`encode` makes a picture, None: there is none now. At most `per_s` a second, made once for all who wait.

    `image`, `cutout`: which parts of the puppet picture `encode` needs. Owned by `Pictures`, under its lock.
    """

    encode: Callable[[Still], bytes | None]
    per_s: float
    image: bool = False
    cutout: bool = False
    viewers: set[Viewer] = field(default_factory=set)
    waiting: set[Viewer] = field(default_factory=set)
    due_s: float = 0.0

    def take_turn(self, now_s: float) -> bool:
        """Whether a picture is to be made now; then the next is not before 1 / `per_s`, on average."""
        if not self.waiting or now_s < self.due_s:
            return False
        self.due_s = max(self.due_s + 1 / self.per_s, now_s)
        return True

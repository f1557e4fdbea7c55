"""A face network's engine without a network."""

from typing import Any

from engines.arrays import U8
from engines.engine import EngineSpec
from live.render.face import SPEC


class FaceEngine:
    """Gives what `change` makes of the crop's colours, and keeps its feeds."""

    backend = device = precision = "fake"

    def __init__(self, change: Any = lambda colours: colours, spec: EngineSpec = SPEC) -> None:
        self.change, self.spec = change, spec
        self.feeds: list[dict[str, U8]] = []

    def run(self, feeds: dict[str, U8]) -> dict[str, U8]:
        self.feeds.append({name: array.copy() for name, array in feeds.items()})
        return {"face": self.change(feeds["crop"][..., :3])}

    def close(self) -> None:
        return None

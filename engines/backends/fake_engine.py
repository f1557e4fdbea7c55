"""Backend `fake`: no model at all. For tests, and for trying the live loop without a runtime."""

from pathlib import Path

import numpy as np

from engines.arrays import U8
from engines.backend import Feeds
from engines.backends.host_engine import Arrays, HostEngine, Step
from engines.engine import EngineSpec
from engines.messages import Say


class FakeBackend:
    """Implements `engines.backend.Backend`. Opens `open_fake`, whatever the model."""

    name = "fake"
    precisions = ("uint8",)

    def available(self) -> str:
        """See `Backend.available`."""
        return ""

    def unsupported_reason(self, precision: str) -> str:
        """See `Backend.unsupported_reason`."""
        return "" if precision in self.precisions else f"fake has no {precision}"

    def identity(self) -> dict[str, str]:
        """See `Backend.identity`."""
        return {"version": "1"}

    def prepare(self, model: Path, spec: EngineSpec, precision: str, folder: Path, feeds: Feeds, say: Say) -> Path:
        """See `Backend.prepare`: the model itself."""
        return model

    def open(self, artifact: Path, spec: EngineSpec, *, precision: str, threads: int) -> HostEngine:
        """See `open_fake`."""
        return open_fake(artifact, spec, precision=precision, threads=threads)


def open_fake(model: Path, spec: EngineSpec, *, precision: str, threads: int) -> HostEngine:
    """An engine for any `spec`. Each output is the first feed of its shape, mixed with a quarter of the last output.

    So `frame = doll - doll // 4 + previous // 4`: deterministic, and a lost or stale state shows. Without a feed of its
    shape, an output starts from black. `model` is not read; `precision` and `threads` change nothing.
    """
    into = dict(spec.state)
    feeds = {t.name: t.shape for t in spec.feeds}
    sources = {t.name: next((n for n, shape in feeds.items() if shape == t.shape), None) for t in spec.outputs}

    def prepare(inputs: Arrays, outputs: Arrays) -> Step:
        def step() -> None:
            for name, frame in outputs.items():
                source = sources[name]
                _blend(frame, inputs[source] if source else None, inputs[into[name]] if name in into else None)

        return step

    return HostEngine(spec, prepare, backend="fake", device="CPU", precision="uint8", detail="no model is run")


def _blend(frame: U8, source: U8 | None, previous: U8 | None) -> None:
    """Writes `source - source // 4 + previous // 4` into `frame`. None counts as zeros."""
    frame.fill(0)
    if source is not None:
        np.subtract(source, source // 4, out=frame)
    if previous is not None:
        np.add(frame, previous // 4, out=frame)

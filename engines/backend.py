"""The `Backend` protocol: a model is prepared once, slowly, and from then on opened fast."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from engines.arrays import U8
from engines.engine import Engine, EngineSpec
from engines.messages import Say

# What a network is fed during a performance, frame by frame: `spec.feeds` by name. Drawn lazily, because 300 frames at
# once would be half a gigabyte; every `iter()` starts over. A frame's arrays are valid until the next frame.
Feeds = Iterable[Mapping[str, U8]]


class Backend(Protocol):
    """One runtime on one kind of device, in its precisions. Its library is imported only when a method needs it."""

    @property
    def name(self) -> str:
        """What `--engine` calls it: "openvino", "onnxruntime", "onnxruntime:cuda", "tensorrt", "fake"."""

    @property
    def precisions(self) -> tuple[str, ...]:
        """What it can compute in, fastest first."""

    def available(self) -> str:
        """ "" when it can be used on this machine, else the reason in words. Cheap; raises nothing."""

    def unsupported_reason(self, precision: str) -> str:
        """ "" when this machine can compute in `precision`, else the reason in words. Raises nothing."""

    def identity(self) -> dict[str, str]:
        """What a prepared artifact depends on besides the model: "version", "device", "driver" and the like.

        Part of the cache's key: what was prepared or judged under another identity is not used.
        """

    def prepare(self, model: Path, spec: EngineSpec, precision: str, folder: Path, feeds: Feeds, say: Say) -> Path:
        """Turns the fp32 ONNX file `model` into what `open` takes: a file in the empty `folder`, or `model` itself.

        Slow: seconds to minutes; `say` reports progress. `feeds` are for calibration. Raises EngineError.
        """

    def open(self, artifact: Path, spec: EngineSpec, *, precision: str, threads: int) -> Engine:
        """Opens what `prepare` made, on `threads` CPU threads (>= 1). Raises EngineError."""

"""What every backend is: how a model is prepared for it once, slowly, and then opened, fast."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from engines.arrays import U8
from engines.engine import Engine, EngineSpec
from engines.messages import Say

# What a network is fed in a performance, frame after frame: `spec.feeds` by name. Drawn lazily, and from the beginning
# again by every `iter()`: 300 frames at once would be half a gigabyte. The arrays of a frame hold until the next one.
Feeds = Iterable[Mapping[str, U8]]


class Backend(Protocol):
    """One runtime on one kind of device, in its precisions. Its library is imported when a method needs it."""

    @property
    def name(self) -> str:
        """What `--engine` calls it: "openvino", "onnxruntime", "onnxruntime:cuda", "tensorrt", "fake"."""

    @property
    def precisions(self) -> tuple[str, ...]:
        """What it can compute in, the fastest first."""

    def available(self) -> str:
        """ "" when it can be used on this machine, else the reason in words. Cheap, raises nothing."""

    def unsupported_reason(self, precision: str) -> str:
        """ "" when this machine has that precision of `precisions`, else the reason in words. Raises nothing."""

    def identity(self) -> dict[str, str]:
        """What a prepared artifact belongs to beside the model: "version", "device", "driver" and the like.

        Part of the cache's key: what was prepared or judged under another identity is not used.
        """

    def prepare(self, model: Path, spec: EngineSpec, precision: str, folder: Path, feeds: Feeds, say: Say) -> Path:
        """Makes what `open` takes, from the fp32 ONNX file `model`: a file in `folder` (empty), or `model` itself.

        Slow: seconds to minutes; `say` tells the progress. `feeds` calibrate. Raises EngineError.
        """

    def open(self, artifact: Path, spec: EngineSpec, *, precision: str, threads: int) -> Engine:
        """Opens what `prepare` made, on `threads` CPU threads (>= 1). Raises EngineError."""

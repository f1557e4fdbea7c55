"""All engines, and which of them `--engine` and `--precision` mean on this machine."""

from dataclasses import dataclass
from pathlib import Path

from engines.backend import Backend
from engines.backends.fake_engine import FakeBackend
from engines.backends.onnxruntime_engine import DEVICES, OnnxRuntimeBackend
from engines.backends.openvino_engine import OpenVINOBackend
from engines.backends.tensorrt.backend import TensorRTBackend
from engines.engine import Engine, EngineSpec
from engines.errors import EngineError

# In the order in which `auto` prepares them, the likely fastest first. Timing decides which one is used.
_ALL: tuple[Backend, ...] = (
    TensorRTBackend(),
    *(OnnxRuntimeBackend(device) for device in DEVICES),
    OpenVINOBackend(),
    OnnxRuntimeBackend(),
    FakeBackend(),
)
BACKENDS: dict[str, Backend] = {backend.name: backend for backend in _ALL}
AUTO = tuple(name for name in BACKENDS if name != "fake")
# These open the bundle's own file, so they can be used after comparing a few frames, while better ones are prepared.
AT_ONCE = ("openvino bf16", "openvino fp32", "fake uint8")
SHIPPED_INT8 = "openvino int8"  # what a bundle's int8 file is for
REFERENCE = ("onnxruntime", "fp32")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A backend in one precision. `why_not`: why it cannot be used on this machine, "" if it can."""

    backend: Backend
    precision: str
    why_not: str = ""

    @property
    def is_reference(self) -> bool:
        """Whether this is what all others are compared with."""
        return (self.backend.name, self.precision) == REFERENCE

    def __str__(self) -> str:
        return f"{self.backend.name} {self.precision}"


def candidates(backend: str = "auto", precision: str = "auto", *, builder: str = "onnx") -> list[Candidate]:
    """All that `backend` and `precision` allow, in the order of `AUTO`, including those that cannot be used here.

    `builder`: what makes TensorRT's plans. Raises EngineError for a backend or precision that does not exist, and when
    none of them can be used here.
    """
    if backend != "auto" and backend not in BACKENDS:
        raise EngineError("there is no such engine", got=backend, wanted=f"auto, {', '.join(BACKENDS)}")
    backends = [BACKENDS[name] for name in (AUTO if backend == "auto" else (backend,))]
    backends = [TensorRTBackend(builder) if b.name == "tensorrt" and builder != "onnx" else b for b in backends]
    found = [
        Candidate(own, each, missing or own.unsupported_reason(each))
        for own, missing in [(own, own.available()) for own in backends]
        for each in own.precisions
        if precision in ("auto", each)
    ]
    if not found:
        there = dict.fromkeys(each for own in backends for each in own.precisions)
        raise EngineError(f"{backend} has no such precision", got=precision, wanted=f"auto, {', '.join(there)}")
    if all(candidate.why_not for candidate in found):
        reasons = dict.fromkeys(f"{c.backend.name}: {c.why_not}" for c in found)
        raise EngineError(
            "no engine can be used here", got=" | ".join(reasons), do="use --engine auto --precision auto"
        )
    return found


def open_engine(model: Path, spec: EngineSpec, *, backend: str, precision: str, threads: int = 1) -> Engine:
    """Opens the ONNX file `model` as it is, without a comparison: for tests, training and measuring.

    `spec`: its tensors; `threads`: CPU threads (>= 1). Raises EngineError.
    """
    if threads < 1:
        raise EngineError("the number of threads is wrong", got=str(threads), wanted="1 or more")
    if backend != "fake" and not model.is_file():
        raise EngineError("the model file does not exist", got=str(model))
    (candidate,) = candidates(backend, precision)
    return candidate.backend.open(model, spec, precision=precision, threads=threads)

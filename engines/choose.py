"""`open_engine`: the engine that fits this machine, or the one asked for; it says which and why."""

from collections.abc import Callable
from pathlib import Path

from engines import fake_engine, openvino_engine, ort_engine
from engines.base import Engine, EngineSpec
from engines.errors import EngineError
from engines.host_engine import HostEngine

Opener = Callable[..., HostEngine]

# name -> (opener, the precisions it has). The runtimes themselves are imported by the openers.
BACKENDS: dict[str, tuple[Opener, tuple[str, ...]]] = {
    "openvino": (openvino_engine.open_openvino, openvino_engine.PRECISIONS),
    "onnxruntime": (ort_engine.open_onnxruntime, ort_engine.PRECISIONS),
    "fake": (fake_engine.open_fake, fake_engine.PRECISIONS),
}
AUTO_ORDER = ("openvino", "onnxruntime")


def open_engine(
    model: Path, spec: EngineSpec, *, backend: str = "auto", precision: str = "auto", threads: int = 1
) -> Engine:
    """Opens the ONNX file `model`, whose tensors are `spec`, on `threads` threads (>= 1).

    `backend` auto tries openvino, then onnxruntime, and what was passed over stands in `describe()`; a backend that is
    named is never replaced by another. `precision` auto lets the backend choose. Raises EngineError; with auto it lists
    every backend tried and why it could not.
    """
    if threads < 1:
        raise EngineError("the number of threads is wrong", got=str(threads), wanted="1 or more")
    if backend != "auto":
        return _open(backend, model, spec, precision, threads)
    failures: list[str] = []
    for name in AUTO_ORDER:
        try:
            engine = _open(name, model, spec, precision, threads)
        except EngineError as error:
            failures.append(f"{name}: {error}")
            continue
        if failures:
            engine.detail += f" [passed over {' | '.join(failures)}]"
        return engine
    raise EngineError(
        f"no engine can run {model.name}",
        got=" | ".join(failures),
        do="export the target again if the file is damaged; else pip install openvino onnxruntime",
    )


def _open(backend: str, model: Path, spec: EngineSpec, precision: str, threads: int) -> HostEngine:
    if backend == "tensorrt":
        raise EngineError(
            "the tensorrt engine comes in a later release", do=f"use --engine auto or one of {', '.join(AUTO_ORDER)}"
        )
    if backend not in BACKENDS:
        raise EngineError("there is no such engine", got=backend, wanted=f"auto, {', '.join(BACKENDS)}")
    opener, precisions = BACKENDS[backend]
    if precision not in ("auto", *precisions):
        raise EngineError(f"{backend} has no such precision", got=precision, wanted=f"auto, {', '.join(precisions)}")
    if backend != "fake" and not model.is_file():
        raise EngineError("the model file is not there", got=str(model))
    return opener(model, spec, precision=precision, threads=threads)

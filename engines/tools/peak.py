"""The machine's peak, to measure engines by: how many operations a second its matrix product really achieves."""

import math
import time

import numpy as np

from engines.backends.openvino_core import core
from engines.errors import EngineError, reason

_SIDE = 2048
_RUNS = 6
_HINTS = {"fp32": "f32", "bf16": "bf16", "int8": "bf16"}


def matmul_peak(precision: str, *, threads: int) -> float:
    """The most operations per second of a square product of side 2048, by OpenVINO on the CPU, in fp32, bf16 or int8.

    NaN for another precision. Raises EngineError without openvino.
    """
    if precision not in _HINTS:
        return math.nan
    try:
        import openvino as ov
        from openvino import opset13 as op
    except ImportError as error:
        raise EngineError("openvino is not installed", got=reason(error), do="pip install openvino") from error
    rng = np.random.default_rng(0)
    left = op.parameter([_SIDE, _SIDE], np.float32)
    right = op.constant(rng.normal(size=(_SIDE, _SIDE)).astype(np.float32))
    if precision == "int8":
        factors = [op.fake_quantize(x, *_range(op), levels=255) for x in (left, right)]
    else:
        factors = [left, right]
    model = ov.Model([op.matmul(*factors, False, False)], [left])
    settings = {"INFERENCE_NUM_THREADS": threads, "ENABLE_CPU_PINNING": False}
    compiled = core().compile_model(model, "CPU", settings | {"INFERENCE_PRECISION_HINT": _HINTS[precision]})
    request = compiled.create_infer_request()
    request.set_input_tensor(ov.Tensor(rng.normal(size=(_SIDE, _SIDE)).astype(np.float32)))
    times_s = []
    for _ in range(_RUNS):
        start_s = time.perf_counter()
        request.start_async()
        request.wait()
        times_s.append(time.perf_counter() - start_s)
    return 2.0 * _SIDE**3 / min(times_s)


def _range(op: "object") -> "list[object]":
    low, high = (op.constant(np.float32(x)) for x in (-4.0, 4.0))  # type: ignore[attr-defined]
    return [low, high, low, high]

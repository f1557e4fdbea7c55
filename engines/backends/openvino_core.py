"""`core`: the one OpenVINO Core of this process, made once and kept to the end.

There is only one, because OpenVINO gives the thread that makes a Core its own signal stack, and frees that memory with
the Core's last engine, whichever thread closes it: the next Ctrl-C would then crash the process.
"""

import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import openvino as ov

_making = threading.Lock()
_made: "ov.Core | None" = None


def core() -> "ov.Core":
    """The Core, from any thread. Raises ImportError, or what OpenVINO raises."""
    global _made
    with _making:
        if _made is None:
            import openvino as ov

            # Its bindings look numpy up when first asked for a dtype or an array. Two threads asking at once deadlock,
            # one waiting for the lookup, the other for the interpreter. So ask here, where only one thread can be.
            ov.Tensor(np.zeros(1, np.uint8), shared_memory=True).get_element_type().to_dtype()
            _made = ov.Core()
        return _made


def cpu_settings(hint: str, *, threads: int) -> dict[str, object]:
    """How models are compiled here. `hint`: "f32" or "bf16", what is computed in; `threads`: of one request."""
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,  # engine and estimator share these cores
        "INFERENCE_PRECISION_HINT": hint,  # by default it silently uses bf16 wherever it can, also emulated
    }

"""`core`: the one OpenVINO of this process, made once and kept to its end.

One a process, since OpenVINO gives the thread that makes a Core a stack of its own for signals, and takes that memory
away with the last engine of the Core, whichever thread closes it: the next Ctrl-C then ends the process.
"""

import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import openvino as ov

_making = threading.Lock()
_made: "ov.Core | None" = None


def core() -> "ov.Core":
    """From any thread. Raises ImportError, or what OpenVINO raises."""
    global _made
    with _making:
        if _made is None:
            import openvino as ov

            # Its bindings look numpy up when they are first asked for a dtype or an array. Two threads that ask at
            # once wait for each other for ever, one for the lookup, the other for the interpreter: so here, alone.
            ov.Tensor(np.zeros(1, np.uint8), shared_memory=True).get_element_type().to_dtype()
            _made = ov.Core()
        return _made

"""Array types by what they hold, whose shapes are given where they are used; and a view that protects one."""

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
C128 = NDArray[np.complex128]


def read_only(array: U8) -> U8:
    """A view of `array` that cannot be written to: an engine's output may be the next run's state."""
    view = array.view()
    view.flags.writeable = False
    return view

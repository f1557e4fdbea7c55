"""The arrays that go from hand to hand, by what they hold; shapes stand in the docstrings of those who use them."""

import numpy as np
from numpy.typing import NDArray

Bool = NDArray[np.bool_]
U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
F64 = NDArray[np.float64]

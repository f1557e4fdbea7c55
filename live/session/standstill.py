"""`Standstill`: notices a camera that sends one picture over and over, as with a stuck driver."""

import numpy as np

from engines.arrays import U8
from live.puppet.values import Frame

_STILL_S = 5.0
_HOLE_S = 1.0  # without any frame: the machine slept or was busy, which says nothing about the camera
_STEP_PX = 16  # every 16th pixel of every 16th row: the noise of a working sensor changes some of them


class Standstill:
    """Fed every frame of a camera, in order."""

    def __init__(self) -> None:
        self._sample: U8 | None = None
        self._since_s = self._last_s = 0.0
        self._told = False

    def step(self, frame: Frame) -> bool:
        """True once, when the picture has been identical to the byte for 5 s, and again only after it has changed."""
        sample = frame.image[::_STEP_PX, ::_STEP_PX]
        hole, self._last_s = frame.t_capture_s - self._last_s > _HOLE_S, frame.t_capture_s
        if hole or self._sample is None or not np.array_equal(sample, self._sample):
            self._sample, self._since_s, self._told = sample.copy(), frame.t_capture_s, False
            return False
        if self._told or frame.t_capture_s - self._since_s < _STILL_S:
            return False
        self._told = True
        return True

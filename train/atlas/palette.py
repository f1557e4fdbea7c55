"""The colours of a hand, which find its outline in front of a coat of another colour; the finger points alone would
take a rim of the coat along.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, U8

BINS = 16  # per channel, of 16 grey levels each
KEPT = 0.8  # share of a hand's own texels whose colours count as common; the rest comes from points beside the hand


class Palette:
    """How common each colour is on a part: a histogram over RGB, and the share from which a colour counts."""

    def __init__(self, colours: U8) -> None:
        """`colours`: (N, 3) uint8, texels that surely are the part (at least most of them)."""
        counts = np.bincount(_bin(colours), minlength=BINS**3).astype(np.float32).reshape(BINS, BINS, BINS)
        for axis in range(3):  # light and shade move a colour into neighbouring bins
            counts = counts + np.roll(_edged(counts, axis, 1), 1, axis) + np.roll(_edged(counts, axis, -1), -1, axis)
        self._common = counts.reshape(-1)
        shares = np.sort(self._common[_bin(colours)])
        self._least = float(shares[int((1 - KEPT) * len(shares))]) if len(shares) else 0.0

    def belongs(self, texture: U8) -> F32:
        """(rows, columns) float32, 1 where the texture (rows, columns, 4) has a colour of the part, else 0; soft in
        between."""
        common = (self._common[_bin(texture[..., :3].reshape(-1, 3))] >= self._least).astype(np.float32)
        # Single texels mean nothing: a dark line between two fingers is hand, a bright one on the coat is not.
        smooth = cv2.GaussianBlur(common.reshape(texture.shape[:2]), (0, 0), 1.5)
        return np.asarray(np.clip((smooth - 0.35) / 0.3, 0, 1), np.float32)


def _bin(colours: U8) -> NDArray[np.int64]:
    b = colours.astype(np.int64) * BINS // 256
    return np.asarray((b[:, 0] * BINS + b[:, 1]) * BINS + b[:, 2], np.int64)


def _edged(counts: F32, axis: int, step: int) -> F32:
    """`counts` without what a roll by `step` would carry over the edge."""
    kept = counts.copy()
    kept[(slice(None),) * axis + (-1 if step > 0 else 0,)] = 0
    return kept

"""The "back soon" card, shown when nothing else may be shown."""

import cv2
import numpy as np

from engines.arrays import U8

_INK, _PAPER = (235, 235, 235), (38, 40, 46)


def back_soon_card(width: int, height: int) -> U8:
    """(H, W, 3) uint8 RGB: the words "back soon" on a dark background."""
    card = np.full((height, width, 3), _PAPER, np.uint8)
    scale = width / 320
    thick = max(1, round(scale * 2))
    (w, h), _ = cv2.getTextSize("back soon", cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    place = ((width - w) // 2, (height + h) // 2)
    cv2.putText(card, "back soon", place, cv2.FONT_HERSHEY_SIMPLEX, scale, _INK, thick, cv2.LINE_AA)
    return card

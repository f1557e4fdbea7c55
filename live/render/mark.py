"""`Mark`: the small "AI" in the picture's corner, which tells viewers that the picture is generated."""

import cv2
import numpy as np

from engines.arrays import U8

RESPONSIBLE = "no mark is drawn: whoever sends these pictures is responsible for telling people that they are generated"
_TEXT = "AI"
_SHARE = 1 / 18  # of the picture's shorter side: legible in a call's small tile, beside the puppet's feet
_SMALLEST_PX = 12
_INK, _PLATE = 245, 28  # grey levels: light words on their own dark plate are legible on any ground


class Mark:
    """Draws into pictures of `width` x `height`, at the lower right. Any thread may use it."""

    def __init__(self, width: int, height: int) -> None:
        side = max(_SMALLEST_PX, round(min(width, height) * _SHARE))
        plate = _plate(side)[:height, :width]
        edge = side // 3
        bottom, right = max(plate.shape[0], height - edge), max(plate.shape[1], width - edge)
        self._plate = plate
        self._place = slice(bottom - plate.shape[0], bottom), slice(right - plate.shape[1], right)

    def draw(self, image: U8, cutout: U8 | None = None) -> None:
        """Into `image` (height, width, 3) and, opaque, into `cutout` (height, width, 4) where there is one."""
        image[self._place] = self._plate
        if cutout is not None:
            cutout[self._place][..., :3] = self._plate
            cutout[self._place][..., 3] = 255


def _plate(side: int) -> U8:
    """(side, W, 3) uint8: the words."""
    thick = max(1, round(side / 12))
    scale = 0.6 * side / cv2.getTextSize(_TEXT, cv2.FONT_HERSHEY_SIMPLEX, 1.0, thick)[0][1]
    (width, tall), _ = cv2.getTextSize(_TEXT, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    plate = np.full((side, width + side // 2, 3), _PLATE, np.uint8)
    place = (side // 4, (side + tall) // 2)
    cv2.putText(plate, _TEXT, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (_INK,) * 3, thick, cv2.LINE_AA)
    return plate

"""`Mark`: the small "AI" in the picture's corner that tells viewers the picture is generated."""

import cv2
import numpy as np

from engines.arrays import U8

RESPONSIBLE = "no mark is drawn: you are responsible for telling your viewers that these pictures are generated"
_TEXT = "AI"
_SHARE = 1 / 18  # of the picture's shorter side: legible in a small call tile, and clear of the puppet's feet
_SMALLEST_PX = 12
_INK, _PLATE = 245, 28  # grey levels: light letters on their own dark plate are legible on any background


class Mark:
    """Draws at the lower right of `width` x `height` pictures. Any thread may use it."""

    def __init__(self, width: int, height: int) -> None:
        side = max(_SMALLEST_PX, round(min(width, height) * _SHARE))
        plate = _plate(side)[:height, :width]
        edge = side // 3
        bottom, right = max(plate.shape[0], height - edge), max(plate.shape[1], width - edge)
        self._plate = plate
        self._place = slice(bottom - plate.shape[0], bottom), slice(right - plate.shape[1], right)

    def draw(self, image: U8, cutout: U8 | None = None) -> None:
        """Draw into `image` (height, width, 3) and, opaque, into `cutout` (height, width, 4) if given."""
        image[self._place] = self._plate
        if cutout is not None:
            cutout[self._place][..., :3] = self._plate
            cutout[self._place][..., 3] = 255


def _plate(side: int) -> U8:
    """(side, W, 3) uint8: the letters on their plate."""
    thick = max(1, round(side / 12))
    scale = 0.6 * side / cv2.getTextSize(_TEXT, cv2.FONT_HERSHEY_SIMPLEX, 1.0, thick)[0][1]
    (width, tall), _ = cv2.getTextSize(_TEXT, cv2.FONT_HERSHEY_SIMPLEX, scale, thick)
    plate = np.full((side, width + side // 2, 3), _PLATE, np.uint8)
    place = (side // 4, (side + tall) // 2)
    cv2.putText(plate, _TEXT, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (_INK,) * 3, thick, cv2.LINE_AA)
    return plate

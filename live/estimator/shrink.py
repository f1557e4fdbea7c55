"""`shrunk`: a picture no larger than the models can use."""

import cv2
import numpy as np

from engines.arrays import U8

# The models look at 256 px and less: of a larger picture they would skip pixels, and more only costs time.
MAX_SIDE_PX = 1280


def shrunk(image: U8) -> U8:
    """`image` (H, W, 3) itself, or a copy whose longer side is MAX_SIDE_PX."""
    height, width = image.shape[:2]
    shrink = max(height, width) / MAX_SIDE_PX
    if shrink <= 1:
        return image
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)

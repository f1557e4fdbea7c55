"""Measures how bright and how sharp a camera's picture is, with the limits of what is good enough."""

import cv2
import numpy as np

from engines.arrays import U8

# Luma, 0..255. An estimator still finds people at 30; below 45 a webcam's noise makes the joints jitter.
DARK, BRIGHT = 45.0, 225.0
SHARP = 12.0  # variance of the Laplacian of the picture at 320 px: 5 for a smeared lens, above 50 in most rooms
_LOOK_PX = 320


def luma_and_sharpness(image: U8) -> tuple[float | None, float | None]:
    """Mean luma and sharpness of a picture (H, W, 3); (None, None) if it is smaller than 32 px."""
    height, width = image.shape[:2]
    if min(height, width) < 32:
        return None, None
    step = max(1, width // _LOOK_PX)
    grey = cv2.cvtColor(np.ascontiguousarray(image[::step, ::step]), cv2.COLOR_RGB2GRAY)
    return float(grey.mean()), float(cv2.Laplacian(grey, cv2.CV_32F).var())

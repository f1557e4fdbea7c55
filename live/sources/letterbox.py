"""Fits a picture into a frame of another size."""

import cv2
import numpy as np

from engines.arrays import U8


def letterbox(image: U8, size: tuple[int, int]) -> U8:
    """`image` (H, W, 3) scaled to fit `size` (width, height), centred between black bars; itself if of that size."""
    width, height = size
    if image.shape[:2] == (height, width):
        return image
    scale = min(width / image.shape[1], height / image.shape[0])
    w, h = max(1, round(image.shape[1] * scale)), max(1, round(image.shape[0] * scale))
    canvas = np.zeros((height, width, 3), np.uint8)
    top, left = (height - h) // 2, (width - w) // 2
    canvas[top : top + h, left : left + w] = cv2.resize(image, (w, h), interpolation=cv2.INTER_AREA)
    return canvas

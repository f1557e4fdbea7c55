"""Encodes pictures for the page. OpenCV releases the GIL while it encodes."""

import struct

import cv2
import numpy as np

from engines.arrays import U8

# The page draws while the loop needs the processor, so no more quality than anybody can see.
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 85)
# Lossless, with PNG's cheapest strategy: at 512x512 the puppet's rectangle takes 1.5 ms (WebP: 15 to 70 ms).
_PNG = (cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE)
_CAMERA_WIDTH_PX = 640


def jpeg(image: U8) -> bytes:
    """`image`, (H, W, 3) uint8 RGB, as a JPEG."""
    return cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), _JPEG)[1].tobytes()


def small_jpeg(image: U8) -> bytes:
    """Like `jpeg`, but no wider than a phone shows it."""
    height, width = image.shape[:2]
    if width > _CAMERA_WIDTH_PX:
        size = (_CAMERA_WIDTH_PX, round(height * _CAMERA_WIDTH_PX / width))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
    return jpeg(image)


def cut_out_png(cutout: U8) -> bytes:
    """The non-empty rectangle of `cutout`, (H, W, 4) uint8 RGBA, straight alpha, as a lossless PNG.

    Four uint16, little-endian: width and height of the whole, x and y of the rectangle; then the PNG, or nothing if all
    of it is empty.
    """
    height, width = cutout.shape[:2]
    x, y, w, h = cv2.boundingRect(np.ascontiguousarray(cutout[:, :, 3]))
    head = struct.pack("<4H", width, height, x, y)
    if w == 0 or h == 0:
        return head
    bgra = cv2.cvtColor(cutout[y : y + h, x : x + w], cv2.COLOR_RGBA2BGRA)
    return head + cv2.imencode(".png", bgra, _PNG)[1].tobytes()

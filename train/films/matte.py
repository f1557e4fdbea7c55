"""Finds the matte (what is character) and the plate (the empty set) of a take, if the user has neither."""

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import U8
from live.puppet import topology as T

PLATE_FRAMES = 60


class SelfieMatte:
    """MediaPipe selfie segmentation. Trained on people; figures that look like people work."""

    def __init__(self) -> None:
        from mediapipe.python.solutions.selfie_segmentation import SelfieSegmentation

        self._model: Any = SelfieSegmentation(model_selection=0)

    def cut(self, image: U8, points_px: NDArray[np.float32], scores: NDArray[np.float32]) -> U8:
        """(H, W) uint8 matte of `image` (H, W, 3). `points_px` (137, 2) in its pixels and `scores` (137,) say where
        to look, so that a small figure keeps its detail. All 0 when nobody is in view.
        """
        height, width = image.shape[:2]
        matte = np.zeros((height, width), np.uint8)
        box = person_box(points_px, scores, (width, height), margin=0.35)
        if box is None:
            return matte
        x0, y0, x1, y1 = box
        crop = np.ascontiguousarray(image[y0:y1, x0:x1])
        mask = self._model.process(crop).segmentation_mask
        matte[y0:y1, x0:x1] = np.clip((np.asarray(mask) - 0.3) / 0.4 * 255, 0, 255).astype(np.uint8)
        return matte

    def close(self) -> None:
        """Free the model."""
        self._model.close()


def person_box(
    points_px: NDArray[np.float32], scores: NDArray[np.float32], size: tuple[int, int], *, margin: float
) -> tuple[int, int, int, int] | None:
    """The box around all seen joints, grown by `margin` of its longer side, within a picture of `size`: x0 y0 x1 y1.

    None when fewer than three joints are seen, or the box is empty.
    """
    seen = points_px[scores > 0.1]
    if len(seen) < 3:
        return None
    low, high = seen.min(axis=0), seen.max(axis=0)
    grow = margin * float((high - low).max())
    x0, y0 = max(0, int(low[0] - grow)), max(0, int(low[1] - grow))
    x1, y1 = min(size[0], int(high[0] + grow) + 1), min(size[1], int(high[1] + grow) + 1)
    return (x0, y0, x1, y1) if x1 - x0 > 8 and y1 - y0 > 8 else None


def make_plate(pictures: Sequence[U8], mattes: Sequence[U8]) -> U8:
    """The empty set, (H, W, 3) uint8: for each pixel, the median of the frames in which the character is elsewhere.

    Where the character is always in the way, the surroundings are smeared in (Navier-Stokes inpainting).
    """
    stack = np.stack(pictures)
    blocked = np.stack([cv2.dilate(matte, np.ones((13, 13), np.uint8)) > 16 for matte in mattes])
    order = np.sort(np.where(blocked[..., None], np.int16(999), stack.astype(np.int16)), axis=0)
    count = (~blocked).sum(axis=0)
    middle = np.maximum(count - 1, 0) // 2
    plate = np.take_along_axis(order, np.broadcast_to(middle[None, ..., None], (1, *order.shape[1:])), axis=0)[0]
    hidden = (count == 0).astype(np.uint8)
    plate8 = np.clip(plate, 0, 255).astype(np.uint8)
    if hidden.any():
        plate8 = cv2.inpaint(plate8, hidden, 5, cv2.INPAINT_NS)
    return np.asarray(plate8, np.uint8)


def sharpen_matte(rgb: U8, matte: U8, plate: U8) -> U8:
    """Correct a soft matte by the plate: add what surely differs from it nearby, remove what surely does not."""
    difference = np.abs(rgb.astype(np.int16) - plate).max(axis=2).astype(np.float32)
    differs = np.clip((cv2.GaussianBlur(difference, (0, 0), 0.8) - 10) / 20, 0, 1)
    near = cv2.dilate(matte, np.ones((9, 9), np.uint8)).astype(np.float32) / 255
    sure = cv2.erode(matte, np.ones((9, 9), np.uint8)).astype(np.float32) / 255
    return np.asarray(np.maximum(sure, near * differs) * 255, np.uint8)


def camera_moves(pictures: Sequence[U8], mattes: Sequence[U8], plate: U8) -> float:
    """Mean difference of the background from the plate in grey levels; above about 12 the camera or the set moves."""
    found = []
    for picture, matte in zip(pictures, mattes, strict=True):
        background = cv2.dilate(matte, np.ones((13, 13), np.uint8)) < 16
        if background.any():
            found.append(float(np.abs(picture.astype(np.int16) - plate)[background].mean()))
    return float(np.median(found)) if found else 0.0


def joints_outside(points_px: NDArray[np.float32], scores: NDArray[np.float32], matte: U8, *, reach_px: float) -> int:
    """How many seen limb joints lie farther than `reach_px` outside the matte: the sign of a wrong pose."""
    limbs = [T.R_SHOULDER, T.R_ELBOW, T.R_WRIST, T.L_SHOULDER, T.L_ELBOW, T.L_WRIST, T.R_HIP, T.R_KNEE, T.R_ANKLE]
    limbs += [T.L_HIP, T.L_KNEE, T.L_ANKLE]
    distance = cv2.distanceTransform((matte < 128).astype(np.uint8), cv2.DIST_L2, 3)
    height, width = matte.shape
    count = 0
    for joint in limbs:
        x, y = points_px[joint]
        if scores[joint] >= 0.5 and 0 <= x < width and 0 <= y < height:
            count += int(distance[int(y), int(x)] > reach_px)
    return count

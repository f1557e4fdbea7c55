"""How near a generated picture comes to the real one. Pure functions on (H, W, 3) uint8 RGB and (H, W) uint8 mattes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from live.puppet.topology import BODY
from live.puppet.values import Pose

U8 = NDArray[np.uint8]
F32 = NDArray[np.float32]
Box = tuple[slice, slice]

# SSIM as in Wang et al. 2004: a Gaussian window of 11 pixels, sigma 1.5; constants for 8-bit pictures.
WINDOW, SIGMA, C1, C2 = 11, 1.5, (0.01 * 255) ** 2, (0.03 * 255) ** 2
BOX_MARGIN_PX = 16
INSIDE_PX = 3  # sharpness is measured this far inside the matte, so that the outline does not count
SEEN = 0.5  # visibility from which a joint counts as found


def ssim_map(picture: U8, real: U8) -> F32:
    """(H, W) float32: structural similarity around each pixel, mean of the three channels; 1 where equal."""
    x, y = picture.astype(np.float32), real.astype(np.float32)
    mean_x, mean_y = _blur(x), _blur(y)
    var_x, var_y = _blur(x * x) - mean_x**2, _blur(y * y) - mean_y**2
    both = _blur(x * y) - mean_x * mean_y
    similar = ((2 * mean_x * mean_y + C1) * (2 * both + C2)) / ((mean_x**2 + mean_y**2 + C1) * (var_x + var_y + C2))
    return similar.mean(axis=2).astype(np.float32)


def body_box(matte: U8) -> Box | None:
    """Rows and columns around the figure, with a margin; None when the matte is empty."""
    rows, columns = np.flatnonzero((matte > 127).any(axis=1)), np.flatnonzero((matte > 127).any(axis=0))
    if not len(rows):
        return None
    return (
        slice(max(int(rows[0]) - BOX_MARGIN_PX, 0), int(rows[-1]) + 1 + BOX_MARGIN_PX),
        slice(max(int(columns[0]) - BOX_MARGIN_PX, 0), int(columns[-1]) + 1 + BOX_MARGIN_PX),
    )


def detail(picture: U8, matte: U8) -> float:
    """Mean size of the grey gradient inside the matte; a ratio of two is a sharpness. 0 for an empty matte."""
    inside = cv2.erode(matte, np.ones((2 * INSIDE_PX + 1,) * 2, np.uint8)) > 127
    if not inside.any():
        return 0.0
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
    return float(np.hypot(across, down)[inside].mean())


def overlap(matte: U8, real: U8) -> float:
    """Intersection over union of the two mattes at one half; 1 when both are empty."""
    a, b = matte > 127, real > 127
    union = int((a | b).sum())
    return float((a & b).sum() / union) if union else 1.0


def pose_distance(pose: Pose, real: Pose) -> tuple[float, float]:
    """(sum of distances in pixels, number) over the body joints that both show, as `pose_error` needs them."""
    both = (pose.scores[BODY] >= SEEN) & (real.scores[BODY] >= SEEN)
    apart = np.linalg.norm(pose.points_px[BODY] - real.points_px[BODY], axis=1)
    return float(apart[both].sum()), float(both.sum())


def missed(pose: Pose, real: Pose) -> tuple[float, float]:
    """(number of body joints shown by the real picture alone, number shown by the real picture)."""
    there = real.scores[BODY] >= SEEN
    return float((there & (pose.scores[BODY] < SEEN)).sum()), float(there.sum())


def _blur(x: F32) -> F32:
    return cv2.GaussianBlur(x, (WINDOW, WINDOW), SIGMA).astype(np.float32, copy=False)

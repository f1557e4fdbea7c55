"""How close a generated picture is to the real one. Pure functions on (H, W, 3) uint8 RGB and (H, W) uint8 mattes."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, U8
from live.puppet.topology import BODY, FACE, L_HAND, R_HAND, K
from live.puppet.values import FaceBox, PlacedPose, Pose

Box = tuple[slice, slice]

_JOINTS = np.arange(K)
# The joints of openpose137 for which a pose error is given.
PARTS = {"body": _JOINTS[BODY], "face": _JOINTS[FACE], "hands": np.r_[_JOINTS[L_HAND], _JOINTS[R_HAND]]}

# SSIM as in Wang et al. 2004: a Gaussian window of 11 pixels, sigma 1.5; constants for 8-bit pictures.
WINDOW, SIGMA, C1, C2 = 11, 1.5, (0.01 * 255) ** 2, (0.03 * 255) ** 2
BOX_MARGIN_PX = 16
INSIDE_PX = 3  # sharpness is measured this far inside the matte, so that the outline does not count
SEEN = 0.5  # visibility above which a joint counts as found
# Farneback's flow with the constants of TecoGAN's metrics.py, where tOF comes from (thunil/TecoGAN, metrics.py).
FLOW = {
    "pyr_scale": 0.5,
    "levels": 3,
    "winsize": 15,
    "iterations": 3,
    "poly_n": 5,
    "poly_sigma": 1.2,
    "flags": 0,
}
# How far from the doll, as a share of the canvas, a matte may lie before it counts as a blob: 8 pixels of 512. Half of
# what the network's own gate lets through, so that the gate's mistakes are seen.
NEAR_DOLL = 1 / 64


def ssim_map(picture: U8, real: U8) -> F32:
    """(H, W) float32: structural similarity around each pixel, averaged over the three channels; 1 where equal."""
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


def square(box: FaceBox) -> Box:
    """Rows and columns of a face box."""
    return slice(box.y0, box.y1), slice(box.x0, box.x1)


def detail(picture: U8, matte: U8) -> float:
    """Mean size of the grey gradient inside the matte; the ratio of two is a sharpness. 0 for an empty matte."""
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


def pose_distance(pose: Pose, real: Pose | PlacedPose, part: str) -> tuple[float, float]:
    """(sum of distances in pixels, number) over the joints of `part` (see PARTS) that both show."""
    joints = PARTS[part]
    both = (pose.scores[joints] >= SEEN) & (real.scores[joints] >= SEEN)
    apart = np.linalg.norm(pose.points_px[joints] - real.points_px[joints], axis=1)
    return float(apart[both].sum()), float(both.sum())


def missed(pose: Pose, real: Pose | PlacedPose, part: str) -> tuple[float, float]:
    """(number of joints of `part` found only in the real picture, number found in it)."""
    joints = PARTS[part]
    there = real.scores[joints] >= SEEN
    return float((there & (pose.scores[joints] < SEEN)).sum()), float(there.sum())


def flow(before: U8, after: U8) -> F32:
    """(H, W, 2) float32: where each pixel of `before` moves to in `after`, pixels, x then y."""
    greys = [cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY) for picture in (before, after)]
    empty = np.zeros((*greys[0].shape, 2), np.float32)
    return cv2.calcOpticalFlowFarneback(greys[0], greys[1], empty, **FLOW).astype(np.float32, copy=False)  # type: ignore[call-overload]


def flow_distance(flow: F32, real: F32) -> float:
    """TecoGAN's tOF: mean length of the difference between two optical flows (H, W, 2), in pixels."""
    return float(np.linalg.norm(flow - real, axis=2).mean())


def change(a: U8, b: U8) -> float:
    """Mean difference between two pictures of the same shape, in grey levels."""
    return float(np.abs(a.astype(np.int16) - b.astype(np.int16)).mean())


def jerk(before: U8, between: U8, after: U8) -> float:
    """Mean second difference of three frames, grey levels: 0 for still or even motion; trembling counts most."""
    a, b, c = (picture.astype(np.int16) for picture in (before, between, after))
    return float(np.abs(a - 2 * b + c).mean())


def change_where(a: U8, b: U8, where: NDArray[np.bool_]) -> float:
    """`change` over the marked pixels (H, W) of two pictures (H, W, 3); at least one is marked."""
    return float(np.mean(cv2.mean(cv2.absdiff(a, b), where.astype(np.uint8))[: a.shape[2]]))


def resized(picture: U8, side: int) -> U8:
    """(side, side, 3): a square picture brought to one size, so that small and large faces can be compared."""
    shrinks = picture.shape[0] > side
    scaled = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return scaled.astype(np.uint8, copy=False)


def outside(matte: U8, doll: U8) -> float:
    """The share of the matte's weight, in percent, farther than NEAR_DOLL from the doll's alpha; both (H, W)."""
    total = int(matte.sum())
    reach = max(round(matte.shape[0] * NEAR_DOLL), 1)
    near = cv2.dilate((doll > 0).astype(np.uint8), np.ones((2 * reach + 1,) * 2, np.uint8)) > 0
    return 100 * float(matte[~near].sum()) / total if total else 0.0


def _blur(x: F32) -> F32:
    return cv2.GaussianBlur(x, (WINDOW, WINDOW), SIGMA).astype(np.float32, copy=False)

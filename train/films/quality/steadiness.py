"""Does the camera stand still, and does the light stay the same? Judged from the background of a few dozen frames."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from engines.arrays import U8

SAMPLES = 40
MOVED_PX = 1.5  # median motion of the background between two samples, at a canvas of 512
LIGHT_SHARE = 0.12  # between the darkest and the brightest background
POINTS, FEWEST = 120, 12  # of the background that are followed; with fewer than FEWEST nothing can be said
EDGE, SAME = 40.0, 6.0  # grey levels: Sobel's from which it is an edge; within which it is the same one


@dataclass(frozen=True, slots=True)
class Steadiness:
    """`moved_px`: how far the background moves between two samples (P90), pixels at a canvas 512 high; NaN when
    nothing in it could be followed. `light`: (P95 - P5) / median of its brightness; NaN without background."""

    moved_px: float
    light: float

    def warnings(self) -> list[str]:
        """What the user should know and do."""
        found = []
        if self.moved_px > MOVED_PX:
            found.append(
                f"the camera moves ({self.moved_px:.1f} px at a time): put it on a tripod or a shelf and film again, "
                "or background will stick to the figure"
            )
        if self.light > LIGHT_SHARE:
            found.append(
                f"the light changes by {100 * self.light:.0f}%: lock the camera's exposure and white balance and keep "
                "daylight out, or the figure will flicker"
            )
        return found


def judge_steadiness(frames: U8) -> Steadiness:
    """Judge a take's frames (N, H, W, 4) uint8 with their matte."""
    picked = np.unique(np.linspace(0, len(frames) - 1, SAMPLES).astype(int))
    pictures = [cv2.cvtColor(np.ascontiguousarray(frames[i, ..., :3]), cv2.COLOR_RGB2GRAY) for i in picked]
    grounds = [_ground(np.ascontiguousarray(frames[i, ..., 3])) for i in picked]
    return Steadiness(_moved(pictures, grounds), _light(pictures, grounds))


def _ground(matte: U8) -> U8:
    """(H, W) uint8, 255 where there is surely nothing of the figure."""
    return np.where(cv2.dilate(matte, np.ones((25, 25), np.uint8)) > 8, 0, 255).astype(np.uint8)


def _moved(pictures: Sequence[U8], grounds: Sequence[U8]) -> float:
    ways = []
    for i in range(len(pictures) - 1):
        both = cv2.bitwise_and(grounds[i], grounds[i + 1])
        if _stands_still(pictures[i], pictures[i + 1], both):
            ways.append(0.0)
            continue
        corners = cv2.goodFeaturesToTrack(pictures[i], POINTS, 0.02, 8, mask=both)
        if corners is None or len(corners) < FEWEST:
            continue
        found, good, _ = cv2.calcOpticalFlowPyrLK(pictures[i], pictures[i + 1], corners, np.empty_like(corners))
        steps = (found - corners)[good.ravel() > 0].reshape(-1, 2)
        if len(steps) >= FEWEST:
            ways.append(float(np.hypot(*np.median(steps, axis=0))))
    return float(np.quantile(ways, 0.9)) * 512 / pictures[0].shape[0] if ways else float("nan")


def _stands_still(before: U8, after: U8, ground: U8) -> bool:
    """Whether most edges of the background are where they were. Asked first: on a bare set the only thing that can be
    followed may be the figure's shadow, and that walks.
    """
    edges = (np.hypot(cv2.Sobel(before, cv2.CV_32F, 1, 0), cv2.Sobel(before, cv2.CV_32F, 0, 1)) > EDGE) & (ground > 0)
    if edges.sum() < FEWEST:
        return False
    gain = float(before[edges].mean()) / max(float(after[edges].mean()), 1.0)
    return float(np.median(np.abs(before[edges] - gain * after[edges]))) < SAME


def _light(pictures: Sequence[U8], grounds: Sequence[U8]) -> float:
    common = np.min(grounds, axis=0) > 0
    if common.sum() < 100:
        return float("nan")
    means = np.array([picture[common].mean() for picture in pictures])
    return float((np.quantile(means, 0.95) - np.quantile(means, 0.05)) / max(float(np.median(means)), 1.0))

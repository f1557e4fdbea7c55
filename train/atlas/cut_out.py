"""From agreeing samples to a texture: their median, and the alpha of what they agree on."""

import cv2
import numpy as np
from numpy.typing import NDArray

from live.puppet import topology as T

F32 = NDArray[np.float32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

MEMBER_COLOUR = 40.0  # a texel belongs to the part when its colour stays this near to the median (0..255, mean of RGB)


def masked_median(colours: F32, inside: NDArray[np.bool_]) -> F32:
    """Median over samples (N, h, w, 3) of those inside their matte; 0 where none is."""
    order = np.sort(np.where(inside[..., None], colours, np.inf), axis=0)
    count = inside.sum(axis=0)
    middle = np.maximum(count - 1, 0) // 2
    median = np.take_along_axis(order, np.broadcast_to(middle[None, ..., None], (1, *order.shape[1:])), axis=0)[0]
    return np.where(count[..., None] > 0, median, 0).astype(np.float32)


def badness(away: F32, inside: NDArray[np.bool_], core: NDArray[np.bool_], lone: float) -> float:
    """Distance from the median inside the core, plus body that shows where only background should be (a limb
    across).
    """
    if not core.any():
        return 255.0
    foreign = float(inside[~core].mean()) if (~core).any() else 0.0
    holes = float((~inside)[core].mean())
    crossed = float((away[core] > MEMBER_COLOUR).mean())
    return float(away[core].mean()) + 60.0 * (holes + crossed) + lone * foreign


def _filled(member: F32) -> F32:
    """Membership without holes: what the part surrounds on all sides (an eye that moves, the edge of a visor) is part
    of it.
    """
    outside = (member <= 0.5).astype(np.uint8)
    _, labels, _, _ = cv2.connectedComponentsWithStats(np.pad(outside, 1, constant_values=1), connectivity=4)
    hole = (outside > 0) & (labels[1:-1, 1:-1] != labels[0, 0])
    return np.where(hole, np.float32(1), member)


def cut_out(texture: U8, member: F32) -> U8:
    """Alpha = matte x membership; colours near the edge are taken from inside, free of background that shines
    through.
    """
    height, width = texture.shape[:2]
    agreed = cv2.resize(_filled(member), (width, height), interpolation=cv2.INTER_LINEAR)
    agreed = np.clip((cv2.GaussianBlur(agreed, (0, 0), 2.0) - 0.45) / 0.2, 0, 1)
    matte = np.clip((texture[..., 3].astype(np.float32) - 64) / 176, 0, 1)
    pure = ((matte > 0.98) & (agreed > 0.3)).astype(np.float32)
    colour = texture[..., :3].astype(np.float32)
    weight = cv2.GaussianBlur(pure, (0, 0), 3.0)
    bled = cv2.GaussianBlur(colour * pure[..., None], (0, 0), 3.0) / np.maximum(weight, 1e-4)[..., None]
    inner = np.where((pure > 0)[..., None] | (weight < 1e-3)[..., None], colour, bled)
    alpha = matte * agreed * 255
    return np.dstack([np.clip(inner, 0, 255), alpha]).round().astype(np.uint8)


def hand_mask(frame: F64, hand_px: F32, size_px: float, shape: tuple[int, int]) -> F32:
    """(rows, columns) float32 0..1: palm and fingers of one sample, drawn thick from its 21 points `hand_px` (21, 2).

    `frame`: the hand's (2, 3) frame on the canvas, see `live.puppet.parts`.
    """
    uv = np.linalg.solve(frame[:, :2], (hand_px.astype(np.float64) - frame[:, 2]).T).T
    texels = np.stack([(uv[:, 1] + 1) / 2 * shape[1], uv[:, 0] * shape[0]], axis=1)  # x = column, y = row
    thick = max(2, round(0.11 * size_px / np.hypot(*frame[:, 0]) * shape[0]))
    mask = np.zeros(shape, np.uint8)
    fixed = np.round(np.clip(texels, -999, 999) * 16).astype(np.int32)
    cv2.fillPoly(mask, [cv2.convexHull(fixed[[0, 1, 2, 5, 9, 13, 17]])], (255,), cv2.LINE_AA, shift=4)
    for finger in T.HAND_FINGERS:
        cv2.polylines(mask, [fixed[list(finger)]], False, (255,), thick, cv2.LINE_AA, shift=4)
    return mask.astype(np.float32) / 255

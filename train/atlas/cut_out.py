"""From agreeing samples to a texture: their median, and the alpha of what they agree on."""

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, F64, U8
from live.puppet import topology as T

FADE = 0.35  # share of a mouth's radius over which it fades into the face
CRUMB = 0.15  # a piece smaller than this share of the largest one does not belong to the part
MEMBER_COLOUR = 40.0  # a texel belongs to the part when its colour stays this near to the median (0..255, mean of RGB)


def masked_median(colours: F32, inside: NDArray[np.bool_]) -> F32:
    """Median of samples (N, h, w, 3) over those inside their matte; 0 where none is."""
    order = np.sort(np.where(inside[..., None], colours, np.inf), axis=0)
    count = inside.sum(axis=0)
    middle = np.maximum(count - 1, 0) // 2
    median = np.take_along_axis(order, np.broadcast_to(middle[None, ..., None], (1, *order.shape[1:])), axis=0)[0]
    return np.where(count[..., None] > 0, median, 0).astype(np.float32)


def view_cost(away: F32, inside: NDArray[np.bool_], core: NDArray[np.bool_], lone: float) -> float:
    """Distance from the median inside the core, plus body where only background should be (a limb across)."""
    if not core.any():
        return 255.0
    foreign = float(inside[~core].mean()) if (~core).any() else 0.0
    holes = float((~inside)[core].mean())
    crossed = float((away[core] > MEMBER_COLOUR).mean())
    return float(away[core].mean()) + 60.0 * (holes + crossed) + lone * foreign


def _filled(member: F32) -> F32:
    """Membership without holes: what the part surrounds (an eye that moves, the edge of a visor) belongs to it."""
    outside = (member <= 0.5).astype(np.uint8)
    _, labels, _, _ = cv2.connectedComponentsWithStats(np.pad(outside, 1, constant_values=1), connectivity=4)
    hole = (outside > 0) & (labels[1:-1, 1:-1] != labels[0, 0])
    return np.where(hole, np.float32(1), member)


def cut_out(texture: U8, member: F32) -> U8:
    """Alpha = matte x membership; colours near the edge come from inside, so that no background shines through."""
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


def without_crumbs(texture: U8) -> U8:
    """The texture without small separate pieces, such as a fingertip beside a head."""
    _, labels, boxes, _ = cv2.connectedComponentsWithStats((texture[..., 3] > 64).astype(np.uint8), connectivity=8)
    areas = boxes[1:, cv2.CC_STAT_AREA]
    kept = np.isin(labels, 1 + np.flatnonzero(areas >= CRUMB * areas.max(initial=0)))
    soft = cv2.dilate(kept.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0  # its rim is below the threshold
    cleaned = texture.copy()
    cleaned[~soft, 3] = 0
    return cleaned


def oval(shape: tuple[int, int]) -> F32:
    """(rows, columns) float32: 1 in the middle, fading to 0 at the rim."""
    v, u = np.meshgrid(*((np.arange(n) + 0.5) / n * 2 - 1 for n in shape[::-1]))
    return np.clip((1 - np.hypot(u, v)) / FADE, 0, 1).astype(np.float32)


def rounded(texture: U8, before: float, after: float) -> U8:
    """A limb's texture with round ends: whatever is farther beyond a joint than the limb is thick belongs to the next
    part, and would stick out as a corner when the joint bends.

    `before`, `after`: texels beyond the first and the second joint; 0 leaves that end as it is.
    """
    rows, columns = texture.shape[:2]
    y, x = np.mgrid[0:rows, 0:columns] + 0.5
    solid = texture[..., 3] > 127
    alpha = texture[..., 3].astype(np.float64)
    for joint, way in ((before, -1), (rows - after, 1)):
        if not 0 < joint < rows:
            continue
        at_joint, inside = (_thickness(solid, int(joint) - way * rows // share) for share in (8, 3))
        radius = min(at_joint, 1.25 * inside)  # at a shoulder the chest would count as thick
        beyond = np.maximum(way * (y - joint), 0)
        alpha *= np.clip(radius + 0.5 - np.hypot(x - columns / 2, beyond), 0, 1) ** (beyond > 0)
    return np.dstack([texture[..., :3], np.round(alpha).astype(np.uint8)])


def _thickness(solid: NDArray[np.bool_], row: int) -> float:
    """How far a limb reaches from its middle line to the thicker side, in texels, around one row; at least 3."""
    rows, columns = solid.shape
    near = solid[max(0, min(row, rows - 3) - 2) :][:5].mean(axis=0) > 0.5
    middle = columns // 2
    reaches = [int(np.argmin(np.append(side, False))) for side in (near[middle:], near[:middle][::-1])]
    return float(max(*reaches, 3))


def hand_mask(frame: F64, hand_px: F32, size_px: float, shape: tuple[int, int], *, thick: float) -> F32:
    """(rows, columns) float32 0..1: palm and fingers of one sample, fingers `thick` torsos wide, from its 21 points
    `hand_px` (21, 2).

    `frame`: the hand's (2, 3) frame on the canvas, see `live.puppet.drawing.parts`.
    """
    mask = np.zeros(shape, np.uint8)
    fixed = texels_of(frame, hand_px, shape)
    width = max(1, round(thick * per_torso(frame, size_px, shape)))
    cv2.fillPoly(mask, [cv2.convexHull(fixed[[0, 1, 2, 5, 9, 13, 17]])], (255,), cv2.LINE_AA, shift=4)
    for finger in T.HAND_FINGERS:
        cv2.polylines(mask, [fixed[list(finger)]], False, (255,), width, cv2.LINE_AA, shift=4)
    return mask.astype(np.float32) / 255


def inner_hand(frame: F64, hand_px: F32, shape: tuple[int, int]) -> NDArray[np.bool_]:
    """(rows, columns): what is surely hand if its 21 points are right: finger bones, and the palm without the wrist,
    where a cuff may be.
    """
    mask = np.zeros(shape, np.uint8)
    fixed = texels_of(frame, hand_px, shape)
    knuckles = fixed[[5, 9, 13, 17]]
    cv2.fillPoly(mask, [cv2.convexHull(np.concatenate([knuckles, (knuckles + fixed[0]) // 2]))], (1,), shift=4)
    for finger in T.HAND_FINGERS:
        cv2.polylines(mask, [fixed[list(finger[1:])]], False, (1,), shift=4)
    return mask > 0


def texels_of(frame: F64, points_px: F32, shape: tuple[int, int]) -> NDArray[np.int32]:
    """(n, 2) x = column, y = row of canvas points (n, 2) in a part's texture, in sixteenths, as OpenCV draws them."""
    uv = np.linalg.solve(frame[:, :2], (points_px.astype(np.float64) - frame[:, 2]).T).T
    texels = np.stack([(uv[:, 1] + 1) / 2 * shape[1], uv[:, 0] * shape[0]], axis=1)
    return np.asarray(np.round(np.clip(texels, -999, 999) * 16), np.int32)


def per_torso(frame: F64, size_px: float, shape: tuple[int, int]) -> float:
    """How many texels of a part's texture make a torso length, `size_px` on the canvas."""
    return size_px * shape[0] / float(np.hypot(*frame[:, 0]))

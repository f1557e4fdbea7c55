"""The pose map: the skeleton as capsules, one group of channels per body part, at a quarter of the canvas.

Analytic anti-aliasing, no trigonometry and no fast-math give the same bytes on every machine, which the fingerprint
relies on. A limb's coverage is the smaller score of its joints; limbs also carry the position along the limb (shoulder
to wrist, hip to toe) and across it, so that the generator knows where on the limb a pixel lies, not just that it does.
"""

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, U8
from live.puppet import topology as T
from live.puppet.compiler import numba
from live.puppet.config import POSE_MAP_SHRINK, PuppetConfig
from live.puppet.values import PlacedPose

CHANNELS = 20
TORSO, HEAD, R_ARM, L_ARM, R_LEG, L_LEG, R_FINGERS, L_FINGERS, FACE_LINES, EYES_AND_LIPS = (
    0,
    1,
    2,
    5,
    8,
    11,
    14,
    16,
    18,
    19,
)
COVERAGE, WITH_ALONG, WITH_ALONG_ACROSS = 1, 2, 3  # planes a group has; also the kind of its segments
_LIMB, _FINGER, _FACE = 0, 1, 2  # which radius of the config


def _segments() -> tuple[NDArray[np.int32], F32]:
    """All capsules: (N, 5) joint a, joint b, first channel, planes, radius kind; (N, 2) position along at a and b."""
    rows: list[tuple[int, int, int, int, int]] = []
    along: list[tuple[float, float]] = []

    def add(chain: tuple[int, ...], channel: int, planes: int, radius: int) -> None:
        for i, (a, b) in enumerate(zip(chain[:-1], chain[1:], strict=True)):
            rows.append((a, b, channel, planes, radius))
            along.append((i / (len(chain) - 1), (i + 1) / (len(chain) - 1)))

    add((T.NECK, T.MID_HIP), TORSO, COVERAGE, _LIMB)
    add((T.R_SHOULDER, T.L_SHOULDER), TORSO, COVERAGE, _LIMB)
    add((T.R_HIP, T.L_HIP), TORSO, COVERAGE, _LIMB)
    add((T.NECK, T.NOSE), HEAD, COVERAGE, _LIMB)
    add((T.R_EAR, T.R_EYE, T.NOSE, T.L_EYE, T.L_EAR), HEAD, COVERAGE, _FINGER)
    add((T.R_SHOULDER, T.R_ELBOW, T.R_WRIST), R_ARM, WITH_ALONG_ACROSS, _LIMB)
    add((T.L_SHOULDER, T.L_ELBOW, T.L_WRIST), L_ARM, WITH_ALONG_ACROSS, _LIMB)
    add((T.R_HIP, T.R_KNEE, T.R_ANKLE, T.R_BIG_TOE), R_LEG, WITH_ALONG_ACROSS, _LIMB)
    add((T.L_HIP, T.L_KNEE, T.L_ANKLE, T.L_BIG_TOE), L_LEG, WITH_ALONG_ACROSS, _LIMB)
    for finger in T.HAND_FINGERS:
        add(tuple(T.R_HAND.start + i for i in finger), R_FINGERS, WITH_ALONG, _FINGER)
        add(tuple(T.L_HAND.start + i for i in finger), L_FINGERS, WITH_ALONG, _FINGER)
    for number, chain in enumerate(T.FACE_CHAINS):
        channel = FACE_LINES if number < 5 else EYES_AND_LIPS
        add(tuple(T.FACE.start + i for i in chain), channel, COVERAGE, _FACE)
    return np.array(rows, np.int32), np.array(along, np.float32)


_SEGMENTS, _ALONG = _segments()


def draw_pose_map(placed: PlacedPose, config: PuppetConfig, out: U8) -> None:
    """Draw into `out`, (H/4, W/4, 20) uint8, which is cleared first. The caller owns `out`."""
    placed = placed.bounded()
    radii = np.array([config.limb_radius, config.finger_radius, config.face_radius]) * placed.size_px / POSE_MAP_SHRINK
    draw_capsules(
        placed.points_px,
        placed.scores,
        np.maximum(radii, 0.75),  # a thinner line would fall between the pixels
        config.valid_score,
        1.0 / POSE_MAP_SHRINK,
        _SEGMENTS,
        _ALONG,
        out,
    )


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def draw_capsules(
    points: F32,
    scores: F32,
    radii: NDArray[np.float64],
    valid: float,
    scale: float,
    segments: NDArray[np.int32],
    along: F32,
    out: U8,
) -> None:
    """Draw `segments` with their positions `along` (see `_segments`) into `out`, (H, W, C) uint8, cleared first.

    `points` times `scale` are pixels of `out`; `radii`: half-widths in those, by radius kind. A segment is left out if
    a joint's score is below `valid`.
    """
    out[:] = 0
    for n in range(segments.shape[0]):
        a, b = segments[n, 0], segments[n, 1]
        score = min(scores[a], scores[b])
        if score >= valid:
            # Pixel centres are at half-integers of the canvas, hence the 0.5.
            ax, ay = points[a, 0] * scale - 0.5, points[a, 1] * scale - 0.5
            bx, by = points[b, 0] * scale - 0.5, points[b, 1] * scale - 0.5
            _draw_capsule(ax, ay, bx, by, radii[segments[n, 4]], score, segments[n], along[n], out)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _draw_capsule(
    ax: float,
    ay: float,
    bx: float,
    by: float,
    radius: float,
    score: float,
    segment: NDArray[np.int32],
    along: F32,
    out: U8,
) -> None:
    channel, planes = segment[2], segment[3]
    dx, dy = bx - ax, by - ay
    length2 = dx * dx + dy * dy
    reach = radius + 1.0
    x0, x1 = max(0, int(min(ax, bx) - reach)), min(out.shape[1] - 1, int(max(ax, bx) + reach) + 1)
    y0, y1 = max(0, int(min(ay, by) - reach)), min(out.shape[0] - 1, int(max(ay, by) + reach) + 1)
    for y in range(y0, y1 + 1):
        for x in range(x0, x1 + 1):
            px, py = x - ax, y - ay
            t, across = 0.0, 0.0
            if length2 > 1e-12:
                t = min(1.0, max(0.0, (px * dx + py * dy) / length2))
                across = (px * dy - py * dx) / (np.sqrt(length2) * (radius + 0.5))
            ex, ey = px - t * dx, py - t * dy
            cover = min(1.0, radius + 0.5 - np.sqrt(ex * ex + ey * ey)) * score
            value = np.uint8(max(0.0, 255.0 * cover) + 0.5)
            if value <= out[y, x, channel]:
                continue
            out[y, x, channel] = value
            if planes >= WITH_ALONG:
                position = along[0] + t * (along[1] - along[0])
                out[y, x, channel + 1] = np.uint8(cover * (64.0 + 191.0 * position) + 0.5)
            if planes >= WITH_ALONG_ACROSS:
                out[y, x, channel + 2] = np.uint8(cover * (128.0 + 127.0 * min(1.0, max(-1.0, across))) + 0.5)

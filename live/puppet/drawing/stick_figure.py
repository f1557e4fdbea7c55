"""The stick figure: a pose as an RGB picture in OpenPose's colours, only for people to look at, not for networks."""

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, U8
from live.puppet import topology as T
from live.puppet.compiler import numba
from live.puppet.values import PlacedPose

# Limbs and their colours in rainbow order, as in OpenPose's BODY_25 rendering (poseParametersRender.hpp).
_LIMBS: tuple[tuple[int, int, tuple[int, int, int]], ...] = (
    (T.NECK, T.MID_HIP, (255, 0, 0)),
    (T.NECK, T.R_SHOULDER, (255, 85, 0)),
    (T.R_SHOULDER, T.R_ELBOW, (255, 130, 0)),
    (T.R_ELBOW, T.R_WRIST, (255, 190, 0)),
    (T.NECK, T.L_SHOULDER, (170, 255, 0)),
    (T.L_SHOULDER, T.L_ELBOW, (85, 255, 0)),
    (T.L_ELBOW, T.L_WRIST, (0, 255, 0)),
    (T.MID_HIP, T.R_HIP, (0, 255, 85)),
    (T.R_HIP, T.R_KNEE, (0, 255, 170)),
    (T.R_KNEE, T.R_ANKLE, (0, 255, 255)),
    (T.R_ANKLE, T.R_BIG_TOE, (0, 255, 255)),
    (T.MID_HIP, T.L_HIP, (0, 170, 255)),
    (T.L_HIP, T.L_KNEE, (0, 85, 255)),
    (T.L_KNEE, T.L_ANKLE, (60, 60, 255)),
    (T.L_ANKLE, T.L_BIG_TOE, (60, 60, 255)),
    (T.NECK, T.NOSE, (255, 0, 85)),
    (T.NOSE, T.R_EYE, (255, 0, 170)),
    (T.R_EYE, T.R_EAR, (255, 0, 255)),
    (T.NOSE, T.L_EYE, (170, 0, 255)),
    (T.L_EYE, T.L_EAR, (110, 0, 255)),
)
_GREY = (200, 200, 200)


def _lines() -> tuple[NDArray[np.int32], U8, F32]:
    rows = [(a, b) for a, b, _ in _LIMBS]
    colours = [colour for _, _, colour in _LIMBS]
    widths = [0.045] * len(rows)
    chains = [tuple(hand.start + i for i in finger) for hand in (T.L_HAND, T.R_HAND) for finger in T.HAND_FINGERS]
    chains += [tuple(T.FACE.start + i for i in chain) for chain in T.FACE_CHAINS]
    for chain in chains:
        for a, b in zip(chain[:-1], chain[1:], strict=True):
            rows.append((a, b))
            colours.append(_GREY)
            widths.append(0.012)
    return np.array(rows, np.int32), np.array(colours, np.uint8), np.array(widths, np.float32)


_ROWS, _COLOURS, _WIDTHS = _lines()


def draw_stick_figure(placed: PlacedPose, canvas_px: tuple[int, int], *, valid_score: float) -> U8:
    """A new (H, W, 3) uint8 RGB picture of `placed` on black; joints below `valid_score` are left out."""
    placed = placed.bounded()
    width, height = canvas_px
    out = np.zeros((height, width, 3), np.uint8)
    radii = np.maximum(_WIDTHS * np.float32(placed.size_px), np.float32(0.6))
    _draw_lines(placed.points_px, placed.scores, valid_score, radii, _ROWS, _COLOURS, out)
    return out


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _draw_lines(
    points: F32, scores: F32, valid: float, radii: F32, rows: NDArray[np.int32], colours: U8, out: U8
) -> None:
    for n in range(rows.shape[0]):
        a, b, radius = rows[n, 0], rows[n, 1], radii[n]
        if min(scores[a], scores[b]) < valid:
            continue
        ax, ay, bx, by = points[a, 0] - 0.5, points[a, 1] - 0.5, points[b, 0] - 0.5, points[b, 1] - 0.5
        dx, dy = bx - ax, by - ay
        length2 = max(dx * dx + dy * dy, np.float32(1e-6))
        x0, x1 = max(0, int(min(ax, bx) - radius - 1)), min(out.shape[1] - 1, int(max(ax, bx) + radius + 2))
        y0, y1 = max(0, int(min(ay, by) - radius - 1)), min(out.shape[0] - 1, int(max(ay, by) + radius + 2))
        for y in range(y0, y1 + 1):
            for x in range(x0, x1 + 1):
                t = min(1.0, max(0.0, ((x - ax) * dx + (y - ay) * dy) / length2))
                ex, ey = x - ax - t * dx, y - ay - t * dy
                cover = min(1.0, radius + 0.5 - np.sqrt(ex * ex + ey * ey))
                if cover <= 0.0:
                    continue
                for c in range(3):
                    out[y, x, c] = np.uint8(out[y, x, c] * (1.0 - cover) + colours[n, c] * cover)

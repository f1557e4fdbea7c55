"""Finds the view of a part that fits a pose best, and how to lay it there: by points, not by angles.

Facing and turn tell a limb's views apart. Heads and hands have too many shapes for that, so their key is ten points,
and the view drawn is the one whose points are nearest once turned, sized and shifted to fit by least squares (the
similarity fit of Umeyama 1991, eq. 40 to 42, in the plane).
"""

import numpy as np

from engines.arrays import F64
from live.puppet.compiler import numba

KEY_POINTS = 10
KEY_SIZE = 2 * KEY_POINTS
# How far a view may be shrunk or enlarged; beyond that it is the wrong view. A view that is also shifted nearly keeps
# its size: a performer's features differ from the target's, and a head must not grow and shrink as it turns.
SIZES, SIZES_SHIFTED = (0.75, 1.3), (0.95, 1.05)
FARTHEST = 0.1  # torso lengths that a view may be shifted
ENOUGH = 4  # points needed to shift a view
# Added to a fit's remainder (1 at most) for each point that the view lacks. Otherwise the view with the fewest points
# would fit best, and a face that was found would be drawn from behind.
LACKING = 1.0


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def nearest_fit(key: F64, view_keys: F64, hangs: bool) -> tuple[int, float, float, float, float]:
    """(view, x, y, u, v): the row of `view_keys` that fits `key` best; x + iy turns and sizes it, (u, v) shifts it.

    Keys are successive points, along and across the part's direction from its joint, in torso lengths; (0, 0) stands
    for a point that was not found. The joint stays where it is for a part that `hangs` on it, and if fewer than ENOUGH
    points can be compared; if none can, the result is view 0 unchanged. Rows of inf are not views.
    """
    best, least, x, y = 0, np.inf, 1.0, 0.0
    shifted, found = False, _common(key, key)
    for row in range(view_keys.shape[0]):
        common = _common(key, view_keys[row])
        if common < 2:  # too few to tell how it is turned
            continue
        shifts = not hangs and common >= ENOUGH
        left, a, b = _fit(key, view_keys[row], shifts)
        left += LACKING * (found - common)
        if left < least:
            best, least, x, y, shifted = row, left, a, b, shifts
    if not shifted:
        return best, x, y, 0.0, 0.0
    ka, kb, va, vb = _means(key, view_keys[best])
    u, v = ka - (x * va - y * vb), kb - (y * va + x * vb)
    far = np.sqrt(u * u + v * v)
    if far > FARTHEST:
        u, v = u * FARTHEST / far, v * FARTHEST / far
    return best, x, y, u, v


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def missed_by(n: int, key: F64, view: F64, x: float, y: float, u: float, v: float) -> tuple[float, float]:
    """How far, along and across in torso lengths, point `n` of a view laid this way lands from the key's.

    (0, 0) if either lacks it.
    """
    if not _both(key, view, 2 * n):
        return 0.0, 0.0
    a, b = view[2 * n], view[2 * n + 1]
    return x * a - y * b + u - key[2 * n], y * a + x * b + v - key[2 * n + 1]


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def put(key: F64, n: int, ox: float, oy: float, dx: float, dy: float) -> None:
    """Write point `n` of a key, (ox, oy) torso lengths from the joint of a part whose direction is (dx, dy).

    Keeps a point on the joint itself distinct from one that was not found.
    """
    along, across = ox * dx + oy * dy, oy * dx - ox * dy
    key[2 * n] = along if along != 0.0 or across != 0.0 else 1e-9
    key[2 * n + 1] = across


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _fit(key: F64, view: F64, shifts: bool) -> tuple[float, float, float]:
    """The remainder, as a share, of laying the view on the key, and how it is turned and sized: x, y. The remainder is
    infinite if the points that both have do not determine that.
    """
    ka, kb, va, vb = 0.0, 0.0, 0.0, 0.0
    if shifts:
        ka, kb, va, vb = _means(key, view)
    dot, cross, ours, theirs = 0.0, 0.0, 0.0, 0.0
    for n in range(0, key.shape[0], 2):
        if _both(key, view, n):
            a, b, c, d = key[n] - ka, key[n + 1] - kb, view[n] - va, view[n + 1] - vb
            dot += a * c + b * d
            cross += b * c - a * d
            ours += a * a + b * b
            theirs += c * c + d * d
    length = np.sqrt(dot * dot + cross * cross)
    if length < 1e-9:
        return np.inf, 1.0, 0.0
    smallest, largest = SIZES_SHIFTED if shifts else SIZES
    size = min(max(length / theirs, smallest), largest)
    left = (ours - 2.0 * size * length + size * size * theirs) / ours
    return left, size * dot / length, size * cross / length


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator, unused-ignore]
def _both(key: F64, view: F64, n: int) -> bool:
    """Whether the pose and the view have the point whose numbers begin at `n`."""
    return bool((key[n] != 0.0 or key[n + 1] != 0.0) and (view[n] != 0.0 or view[n + 1] != 0.0) and view[n] < np.inf)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _common(key: F64, view: F64) -> int:
    """How many points `key` and `view` have in common."""
    count = 0
    for n in range(0, key.shape[0], 2):
        count += _both(key, view, n)
    return count


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _means(key: F64, view: F64) -> tuple[float, float, float, float]:
    """The means, in the key and in the view, of the points that both have."""
    count, ka, kb, va, vb = 0, 0.0, 0.0, 0.0, 0.0
    for n in range(0, key.shape[0], 2):
        if _both(key, view, n):
            count += 1
            ka, kb, va, vb = ka + key[n], kb + key[n + 1], va + view[n], vb + view[n + 1]
    return ka / count, kb / count, va / count, vb / count


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def lay(frame: F64, before: float, after: float, x: float, y: float, u: float, v: float) -> None:
    """Turn, size and shift a part's (2, 3) frame in place, as `nearest_fit` says.

    `before`, `after`: the part's extents in torso lengths; its joint lies between them, and it has no bone.
    """
    share = before / (before + after)
    ax, ay = frame[0, 0] / (before + after), frame[1, 0] / (before + after)  # a torso length along the part
    jx = frame[0, 2] + share * frame[0, 0] + u * ax - v * ay
    jy = frame[1, 2] + share * frame[1, 0] + u * ay + v * ax
    for c in range(2):
        a, b = frame[0, c], frame[1, c]
        frame[0, c], frame[1, c] = x * a - y * b, y * a + x * b
    frame[0, 2], frame[1, 2] = jx - share * frame[0, 0], jy - share * frame[1, 0]

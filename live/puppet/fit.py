"""Which view of a part fits a pose best, and how it has to be laid there: by points, not by angles.

Facing and turn tell the views of a limb apart. Heads and hands have too many shapes for that: their key is ten points,
and the view is drawn whose points lie nearest once they were turned, sized and shifted to fit, by least squares (the
similarity fit of Umeyama 1991, eq. 40 to 42, in the plane).
"""

import numba
import numpy as np
from numpy.typing import NDArray

F64 = NDArray[np.float64]

KEY_POINTS = 10
KEY_SIZE = 2 * KEY_POINTS
# How far a view may be shrunk or enlarged: beyond that it is the wrong view. What is shifted too keeps its size: a
# performer's features lie otherwise than the target's, and a head must not breathe as it turns.
SIZES, SIZES_SHIFTED = (0.75, 1.3), (0.95, 1.05)
FARTHEST = 0.1  # torso lengths that a view may be shifted
ENOUGH = 8  # points to shift a view by: a head's five body points alone would lift it off the shoulders


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def nearest_fit(key: F64, view_keys: F64, shifts: bool) -> tuple[int, float, float, float, float]:
    """(view, x, y, u, v): the row of `view_keys` that fits `key` best; x + iy turns and sizes it, (u, v) shifts it.

    Keys are points one after the other, along and across the part's direction from its joint, in torso lengths; (0, 0)
    stands for a point that was not found. Without `shifts`, or with few points, the joint stays where it is. Where
    nothing can be compared, view 0 as it is. Rows of inf are no views.
    """
    best, least = 0, np.inf
    smallest, largest = SIZES_SHIFTED if shifts else SIZES
    x, y, u, v = 1.0, 0.0, 0.0, 0.0
    for row in range(view_keys.shape[0]):
        count, ka, kb, va, vb = _means(key, view_keys[row], shifts)
        dot, cross, ours, theirs = 0.0, 0.0, 0.0, 0.0
        for n in range(0, key.shape[0], 2):
            if _both(key, view_keys[row], n):
                a, b, c, d = key[n] - ka, key[n + 1] - kb, view_keys[row, n] - va, view_keys[row, n + 1] - vb
                dot += a * c + b * d
                cross += b * c - a * d
                ours += a * a + b * b
                theirs += c * c + d * d
        length = np.sqrt(dot * dot + cross * cross)
        if count < 2 or length < 1e-9:
            continue
        size = min(max(length / theirs, smallest), largest)
        left = (ours - 2.0 * size * length + size * size * theirs) / ours  # what the fit leaves, as a share
        if left < least:
            best, least = row, left
            x, y = size * dot / length, size * cross / length
            u, v = ka - (x * va - y * vb), kb - (y * va + x * vb)
    far = np.sqrt(u * u + v * v)
    if far > FARTHEST:
        u, v = u * FARTHEST / far, v * FARTHEST / far
    return best, x, y, u, v


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def put(key: F64, n: int, along: float, across: float) -> None:
    """Write point `n` of a key. One that lies on the joint itself is kept apart from one that was not found."""
    key[2 * n] = along if along != 0.0 or across != 0.0 else 1e-9
    key[2 * n + 1] = across


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator, unused-ignore]
def _both(key: F64, view: F64, n: int) -> bool:
    """Whether the pose and the view have the point whose numbers begin at `n`."""
    return bool((key[n] != 0.0 or key[n + 1] != 0.0) and (view[n] != 0.0 or view[n + 1] != 0.0) and view[n] < np.inf)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _means(key: F64, view: F64, shifts: bool) -> tuple[int, float, float, float, float]:
    """How many points both have, and their middles in the key and in the view; 0 where nothing is shifted."""
    count, ka, kb, va, vb = 0, 0.0, 0.0, 0.0, 0.0
    for n in range(0, key.shape[0], 2):
        if _both(key, view, n):
            count += 1
            ka, kb, va, vb = ka + key[n], kb + key[n + 1], va + view[n], vb + view[n + 1]
    if not shifts or count < ENOUGH:
        return count, 0.0, 0.0, 0.0, 0.0
    return count, ka / count, kb / count, va / count, vb / count


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def lay(frame: F64, before: float, after: float, x: float, y: float, u: float, v: float) -> None:
    """Turn, size and shift a part's (2, 3) frame in place, as `nearest_fit` gives it.

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

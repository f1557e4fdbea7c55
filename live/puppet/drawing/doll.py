"""The paper doll: the atlas posed by a skeleton, RGBA at canvas size. Needs no network; the generator's best input."""

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F64, U8
from live.puppet.compiler import numba
from live.puppet.drawing.atlas import Atlas
from live.puppet.drawing.fit import KEY_SIZE, lay, missed_by, nearest_fit
from live.puppet.drawing.head_view import LIP
from live.puppet.drawing.parts import HAND, HEAD, MOUTH, PARTS, drawing_order, part_frames
from live.puppet.values import PlacedPose

_LEVELS = 3  # each texture at full, half and quarter size: a small figure would flicker if it skipped texels
_MIN_ALPHA = 4
_FAINT = 16  # below this alpha, a pixel's colour in whole levels is meaningless: a network would make specks of it
_LAST = 255 / 256  # a sample between the last texel and the one after it still touches the last
_KINDS = np.array([part.kind for part in PARTS])


class Doll:
    """Draws one target's atlas. Holds only the textures; `draw` keeps no state and may be called from any thread."""

    def __init__(self, atlas: Atlas, *, valid_score: float) -> None:
        self._extents = atlas.extents
        self._valid_score = valid_score
        views = max(len(part.keys) for part in atlas.parts)
        self._keys = np.full((len(PARTS), views, KEY_SIZE), np.inf)
        self._where = np.zeros((len(PARTS), views, _LEVELS, 7), np.int64)
        texels: list[U8] = []
        start = 0
        for p, part in enumerate(atlas.parts):
            self._keys[p, : len(part.keys)] = part.keys
            for v, rgba in enumerate(part.rgba):
                for level, texture in enumerate(_pyramid(_premultiplied(rgba))):
                    self._where[p, v, level] = start, *texture.shape[:2], *_opaque_box(texture)
                    texels.append(texture.reshape(-1))
                    start += texture.size
        self._texels = np.concatenate(texels)

    def draw(self, placed: PlacedPose, out: U8) -> None:
        """Draw into `out`, (H, W, 4) uint8 RGBA with straight alpha, cleared first. The caller owns `out`."""
        placed = placed.bounded()
        frames, valid, views = self.lay(placed)
        order = drawing_order(placed.points_px, placed.size_px)
        _draw_parts(frames, valid, views, order, self._where, self._texels, out)

    def lay(self, placed: PlacedPose) -> tuple[F64, NDArray[np.bool_], NDArray[np.int64]]:
        """Where each part is drawn, whether it is, and its view: (P, 2, 3) frames as in `part_frames`, (P,), (P,)."""
        frames, valid, keys = part_frames(
            placed.points_px, placed.scores, placed.size_px, self._valid_score, self._extents
        )
        return frames, valid, _lay_parts(frames, valid, keys, self._extents, self._keys)


def _premultiplied(rgba: U8) -> U8:
    alpha = rgba[..., 3:].astype(np.uint16)
    premultiplied: U8 = np.concatenate([(rgba[..., :3] * alpha + 127) // 255, alpha], axis=-1).astype(np.uint8)
    return premultiplied


def _pyramid(texture: U8) -> list[U8]:
    levels = [texture]
    for _ in range(_LEVELS - 1):
        last = levels[-1]
        even = last[: max(2, last.shape[0] // 2 * 2), : max(2, last.shape[1] // 2 * 2)].astype(np.uint16)
        if even.shape[0] < 4 or even.shape[1] < 4:
            levels.append(last)
            continue
        total = even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]
        levels.append(((total + 2) // 4).astype(np.uint8))
    return levels


def _opaque_box(texture: U8) -> tuple[int, int, int, int]:
    """First and last row and column where a bilinear sample can touch alpha; an empty box ends before it starts."""
    opaque = texture[..., 3] >= _MIN_ALPHA
    rows, columns = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    if len(rows) == 0:
        return 1, 0, 1, 0
    last_row, last_column = texture.shape[0] - 2, texture.shape[1] - 2
    return (
        max(int(rows[0]) - 1, 0),
        min(int(rows[-1]), last_row),
        max(int(columns[0]) - 1, 0),
        min(int(columns[-1]), last_column),
    )


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _lay_parts(frames: F64, valid: NDArray[np.bool_], keys: F64, extents: F64, view_keys: F64) -> NDArray[np.int64]:
    """Returns the view of each part, (P,); moves the frames of heads, hands and mouths in place."""
    views = np.zeros(frames.shape[0], np.int64)
    turn, a, b = (1.0, 0.0), 0.0, 0.0  # of the head, which comes before its mouth
    for p in range(frames.shape[0]):
        kind, before, after = _KINDS[p], extents[p, 0], extents[p, 1]
        if not valid[p]:
            continue
        if kind == HEAD or kind == HAND:  # a hand hangs on its wrist; a head goes where its points fit best
            views[p], x, y, u, v = nearest_fit(keys[p], view_keys[p], kind == HAND)
            lay(frames[p], before, after, x, y, u, v)
            if kind == HEAD:
                turn, (a, b) = (x, y), missed_by(LIP, keys[p], view_keys[p, views[p]], x, y, u, v)
        else:
            views[p] = _nearest_view(keys[p], view_keys[p])
            if kind == MOUTH:  # on the head's own lips, which would otherwise show beside it
                lay(frames[p], before, after, turn[0], turn[1], a, b)
    return views


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _draw_parts(
    frames: F64,
    valid: NDArray[np.bool_],
    views: NDArray[np.int64],
    order: NDArray[np.int32],
    where: NDArray[np.int64],
    texels: U8,
    out: U8,
) -> None:
    out[:] = 0
    top, bottom, left, right = out.shape[0], -1, out.shape[1], -1
    for n in range(order.shape[0]):
        p = order[n]
        if valid[p]:
            y0, y1, x0, x1 = _draw_texture(frames[p], where[p, views[p]], texels, out)
            top, bottom, left, right = min(top, y0), max(bottom, y1), min(left, x0), max(right, x1)
    for y in range(top, bottom + 1):
        for x in range(left, right + 1):
            alpha = np.int32(out[y, x, 3])
            if alpha < _FAINT:
                out[y, x] = 0
            elif alpha < 255:
                for c in range(3):
                    out[y, x, c] = min(255, (np.int32(out[y, x, c]) * 255 + alpha // 2) // alpha)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _nearest_view(key: F64, view_keys: F64) -> int:
    if key[0] == 0.0 and key[1] == 0.0 and key[2] == 0.0:
        return 0
    best, nearest = 0, np.inf
    for v in range(view_keys.shape[0]):
        distance = 0.0
        for i in range(key.shape[0]):
            distance += (key[i] - view_keys[v, i]) ** 2
        if distance < nearest:
            best, nearest = v, distance
    return best


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _draw_texture(frame: F64, levels: NDArray[np.int64], texels: U8, out: U8) -> tuple[int, int, int, int]:
    """Composite one texture over `out` (both premultiplied). Returns the rows and columns touched: y0, y1, x0, x1."""
    lx, ly, wx, wy = frame[0, 0], frame[1, 0], frame[0, 1], frame[1, 1]
    along, across = np.sqrt(lx * lx + ly * ly), np.sqrt(wx * wx + wy * wy)
    level = 0
    while level + 1 < levels.shape[0] and levels[level, 1] > 1.5 * along and levels[level, 2] > 3.0 * across:
        level += 1
    texture = levels[level]
    rows, columns = texture[1], texture[2]
    # Texel (row i, column j) has u = (i + 0.5) / rows, v = 2 (j + 0.5) / columns - 1; along and across are
    # perpendicular.
    ux, uy = lx / (along * along) * rows, ly / (along * along) * rows
    vx, vy = wx / (across * across) * columns * 0.5, wy / (across * across) * columns * 0.5
    # Row and column at the canvas pixel (0, 0), whose centre is at (0.5, 0.5).
    row0 = ux * (0.5 - frame[0, 2]) + uy * (0.5 - frame[1, 2]) - 0.5
    column0 = vx * (0.5 - frame[0, 2]) + vy * (0.5 - frame[1, 2]) + 0.5 * columns - 0.5
    reach_y = abs(wy) + 1.0
    y0 = max(0, int(np.floor(min(frame[1, 2], frame[1, 2] + ly) - reach_y)))
    y1 = min(out.shape[0] - 1, int(np.ceil(max(frame[1, 2], frame[1, 2] + ly) + reach_y)))
    left, right = out.shape[1], -1
    for y in range(y0, y1 + 1):
        row, column = row0 + uy * y, column0 + vy * y
        a0, a1 = _span(row, ux, float(texture[3]), texture[4] + _LAST)
        b0, b1 = _span(column, vx, float(texture[5]), texture[6] + _LAST)
        x0, x1 = int(max(a0, b0, 0.0)), int(min(a1, b1, float(out.shape[1] - 1)))
        if x0 <= x1:
            left, right = min(left, x0), max(right, x1)
            _blend_row(texels, texture, row + ux * x0, column + vx * x0, ux, vx, x0, x1, out[y])
    return y0, y1, left, right


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _blend_row(
    t: U8,
    texture: NDArray[np.int64],
    row: float,
    column: float,
    row_step: float,
    column_step: float,
    x0: int,
    x1: int,
    out: U8,
) -> None:
    """Bilinear samples over the pixels x0..x1 of one canvas row `out` (W, 4), in 16.16 and 8-bit integers.

    Integers, so that every machine draws the same bytes. `row`, `column`: the texel at x0.
    """
    start, columns = texture[0], texture[2]
    low_i, high_i, low_j, high_j = texture[3], texture[4], texture[5], texture[6]
    fixed_i, step_i = np.int64(np.floor(row * 65536.0)), np.int64(np.round(row_step * 65536.0))
    fixed_j, step_j = np.int64(np.floor(column * 65536.0)), np.int64(np.round(column_step * 65536.0))
    for x in range(x0, x1 + 1):
        i = min(max(fixed_i >> 16, low_i), high_i)
        j = min(max(fixed_j >> 16, low_j), high_j)
        fi, fj = np.int32((fixed_i >> 8) & 255), np.int32((fixed_j >> 8) & 255)
        fixed_i += step_i
        fixed_j += step_j
        at = start + 4 * (i * columns + j)
        below = at + 4 * columns
        w11 = fi * fj
        w10, w01 = 256 * fi - w11, 256 * fj - w11
        w00 = 65536 - w10 - w01 - w11
        alpha = (w00 * t[at + 3] + w01 * t[at + 7] + w10 * t[below + 3] + w11 * t[below + 7] + 32768) >> 16
        if alpha == 0:
            continue
        keep = 255 - alpha
        for c in range(3):
            value = (w00 * t[at + c] + w01 * t[at + 4 + c] + w10 * t[below + c] + w11 * t[below + 4 + c] + 32768) >> 16
            out[x, c] = min(255, value + (keep * out[x, c] + 127) // 255)
        out[x, 3] = alpha + (keep * out[x, 3] + 127) // 255


@numba.njit(cache=True, nogil=True, inline="always")  # type: ignore[untyped-decorator, unused-ignore]
def _span(at_zero: float, step: float, low: float, high: float) -> tuple[float, float]:
    """The range of x with low <= at_zero + step x <= high, rounded inwards; an empty range ends before it starts."""
    if abs(step) < 1e-9:
        return (0.0, 1e9) if low <= at_zero <= high else (1.0, 0.0)
    a, b = (low - at_zero) / step, (high - at_zero) / step
    return np.ceil(min(a, b)), np.floor(max(a, b))

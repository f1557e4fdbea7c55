"""The paper doll: the atlas posed by a skeleton, RGBA at canvas size. Needs no network; the generator's best input."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F64, U8
from live.puppet.compiler import numba
from live.puppet.drawing.atlas import Atlas
from live.puppet.drawing.fit import KEY_SIZE, Shapes, lay, missed_by, nearest_fit
from live.puppet.drawing.head_view import LIP
from live.puppet.drawing.parts import BONE, HAND, HEAD, MOUTH, PARTS, drawing_order, part_frames
from live.puppet.values import PlacedPose

_LEVELS = 3  # each texture at full, half and quarter size: a small figure would flicker if it skipped texels
_MIN_ALPHA = 4
_FAINT = 16  # below this alpha, a pixel's colour in whole levels is meaningless: a network would make specks of it
_LAST = 255 / 256  # a sample between the last texel and the one after it still touches the last
_KINDS = np.array([part.kind for part in PARTS])
# A part keeps the view it had in the frame before unless another is nearer by this much: in torso lengths for limbs,
# torso and mouth, as a share of the key's size for heads and hands. With none, hands changed their views 4 to 11 times
# a second (docs/measurements.md, "Views").
_MARGINS = np.array([{BONE: 0.06, HEAD: 0.03, HAND: 0.2, MOUTH: 0.12}[part.kind] for part in PARTS])

Views = NDArray[np.int64]  # (P,) the view of each part


class Doll:
    """Draws one target's atlas. Holds only the textures; `draw` keeps no state and may be called from any thread."""

    def __init__(self, atlas: Atlas, *, valid_score: float) -> None:
        self._extents = atlas.extents
        self._valid_score = valid_score
        views = max(len(part.keys) for part in atlas.parts)
        self._keys = np.full((len(PARTS), views, KEY_SIZE), np.inf)
        # Of each part, view and level: its first texel's place, rows, columns, and its opaque box (see `_opaque_box`).
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
        self._shapes = [Shapes(keys) for keys in self._keys]

    def draw(self, placed: PlacedPose, out: U8, *, kept: Views | None = None) -> Views:
        """Draw into `out`, (H, W, 4) uint8 RGBA with straight alpha, cleared first. The caller owns `out`.

        Returns the views drawn, to be `kept` in the next frame if they nearly fit there; None: each is the best.
        """
        placed = placed.bounded()
        frames, valid, views = self.lay(placed, kept=kept)
        order = drawing_order(placed.points_px, placed.size_px)
        order = order[valid[order]]
        laid = _layout(frames[order], self._where[order, views[order]], (out.shape[0], out.shape[1]))
        out.fill(0)
        _draw_parts(laid.textures, laid.steps, laid.rows, self._texels, out)
        y0, y1, x0, x1 = laid.box
        _straighten(out[y0 : y1 + 1, x0 : x1 + 1])
        return views

    def lay(self, placed: PlacedPose, *, kept: Views | None = None) -> tuple[F64, NDArray[np.bool_], Views]:
        """Where each part is drawn, whether it is, and its view: (P, 2, 3) frames as in `part_frames`, (P,), (P,)."""
        frames, valid, keys = part_frames(
            placed.points_px, placed.scores, placed.size_px, self._valid_score, self._extents
        )
        views = _nearest_views(keys, self._keys, kept)
        if kept is not None:
            views[~valid] = kept[~valid]
        turn, missed = 1 + 0j, 0j  # of the head, which comes before its mouth
        for number in np.flatnonzero(valid & (_KINDS != BONE)):
            kind, key, (before, after, _) = _KINDS[number], keys[number], self._extents[number]
            if kind == MOUTH:  # on the head's own lips, which would otherwise show beside it
                lay(frames[number], before, after, turn, missed)
                continue
            last = None if kept is None else int(kept[number])
            view, turned, shift = nearest_fit(
                key, self._shapes[number], kind == HAND, kept=last, margin=_MARGINS[number]
            )
            lay(frames[number], before, after, turned, shift)  # a hand hangs on its wrist; a head goes where it fits
            views[number] = view
            if kind == HEAD:
                turn, missed = turned, missed_by(LIP, key, self._keys[number, view], turned, shift)
        return frames, valid, views


def _nearest_views(keys: F64, view_keys: F64, kept: Views | None) -> Views:
    """The view of each part whose key is nearest, or the one that was `kept`; 0, the most typical, for an empty key."""
    distance = np.sqrt(((keys[:, None] - view_keys) ** 2).sum(axis=2))
    nearest = distance.argmin(axis=1)
    if kept is not None:
        parts = np.arange(len(keys))
        nearest = np.where(distance[parts, kept] <= distance[parts, nearest] + _MARGINS, kept, nearest)
    return np.where(keys[:, :3].any(axis=1), nearest, 0)


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


@dataclass(frozen=True, slots=True)
class _Layout:
    """The N parts to draw, from far to near, each a texture that lies on the canvas by an affine map.

    `textures` (N, 7): rows of the doll's `_where`. `steps` (N, 6) float64: row and column of the texel at the canvas
    pixel (0, 0), what a pixel to the right adds to each, and what a pixel below adds. `rows` (N, 2): first and last row
    of the canvas that the part may touch; `box`: y0, y1, x0, x1 of all of them, on the canvas.
    """

    textures: NDArray[np.int64]
    steps: F64
    rows: NDArray[np.int64]
    box: tuple[int, int, int, int]


def _layout(frames: F64, levels: NDArray[np.int64], canvas: tuple[int, int]) -> _Layout:
    """`frames` (N, 2, 3) of the parts to draw, and the `levels` (N, 3, 7) of their views, as in the doll's `_where`."""
    height, width = canvas
    (lx, wx, cx), (ly, wy, cy) = frames[:, 0].T, frames[:, 1].T
    along, across = np.sqrt(lx * lx + ly * ly), np.sqrt(wx * wx + wy * wy)
    finer = (levels[:, :-1, 1] > 1.5 * along[:, None]) & (levels[:, :-1, 2] > 3.0 * across[:, None])
    textures = levels[np.arange(len(levels)), np.cumprod(finer, axis=1).sum(axis=1)]
    rows, columns = textures[:, 1], textures[:, 2]
    # Texel (row i, column j) has u = (i + 0.5) / rows, v = 2 (j + 0.5) / columns - 1; along and across are
    # perpendicular.
    ux, uy = lx / (along * along) * rows, ly / (along * along) * rows
    vx, vy = wx / (across * across) * columns * 0.5, wy / (across * across) * columns * 0.5
    # The canvas pixel (0, 0) has its centre at (0.5, 0.5).
    row0 = ux * (0.5 - cx) + uy * (0.5 - cy) - 0.5
    column0 = vx * (0.5 - cx) + vy * (0.5 - cy) + 0.5 * columns - 0.5
    edges = [
        (np.minimum(start, start + length) - abs(wide) - 1.0, np.maximum(start, start + length) + abs(wide) + 1.0)
        for start, length, wide in ((cy, ly, wy), (cx, lx, wx))
    ]
    (y0, y1), (x0, x1) = (
        (np.maximum(np.floor(low), 0).astype(np.int64), np.minimum(np.ceil(high), last).astype(np.int64))
        for (low, high), last in zip(edges, (height - 1, width - 1), strict=True)
    )
    box = (int(y0.min()), int(y1.max()), int(x0.min()), int(x1.max())) if len(y0) else (0, -1, 0, -1)
    return _Layout(textures, np.stack([row0, column0, ux, vx, uy, vy], axis=1), np.stack([y0, y1], axis=1), box)


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _draw_parts(textures: NDArray[np.int64], steps: F64, rows: NDArray[np.int64], texels: U8, out: U8) -> None:
    """Composite the textures of a `_Layout` over `out`, both premultiplied."""
    last = float(out.shape[1] - 1)
    for n in range(textures.shape[0]):
        texture = textures[n]
        ux, vx, uy, vy = steps[n, 2], steps[n, 3], steps[n, 4], steps[n, 5]
        for y in range(rows[n, 0], rows[n, 1] + 1):
            row, column = steps[n, 0] + uy * y, steps[n, 1] + vy * y
            a0, a1 = _span(row, ux, float(texture[3]), texture[4] + _LAST)
            b0, b1 = _span(column, vx, float(texture[5]), texture[6] + _LAST)
            x0, x1 = int(max(a0, b0, 0.0)), int(min(a1, b1, last))
            if x0 <= x1:
                _blend_row(texels, texture, row + ux * x0, column + vx * x0, ux, vx, x0, x1, out[y])


@numba.njit(cache=True, nogil=True)  # type: ignore[untyped-decorator, unused-ignore]
def _straighten(out: U8) -> None:
    """Premultiplied to straight alpha, in place; faint pixels are cleared."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            alpha = np.int32(out[y, x, 3])
            if alpha < _FAINT:
                out[y, x] = 0
            elif alpha < 255:
                for c in range(3):
                    out[y, x, c] = min(255, (np.int32(out[y, x, c]) * 255 + alpha // 2) // alpha)


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

"""Finds the view of a part that fits a pose best, and how to lay it there: by points, not by angles.

Facing and turn tell a limb's views apart. Heads and hands have too many shapes for that, so their key is ten points,
and the view drawn is the one whose points are nearest once turned, sized and shifted to fit by least squares (the
similarity fit of Umeyama 1991, eq. 40 to 42, in the plane).

Points and directions are complex numbers, x + iy: a product turns and sizes, a sum shifts.
"""

import numpy as np

from engines.arrays import C128, F32, F64, Bool

KEY_POINTS = 10
KEY_SIZE = 2 * KEY_POINTS
# How far a view may be shrunk or enlarged; beyond that it is the wrong view. A view that is also shifted nearly keeps
# its size: a performer's features differ from the target's, and a head must not grow and shrink as it turns.
SIZES, SIZES_SHIFTED = (0.75, 1.3), (0.95, 1.05)
# A view that is only kept (see `nearest_fit`) may not do so by growing: a hand would swell and shrink.
SIZES_KEPT = (0.87, 1.15)
FARTHEST = 0.1  # torso lengths that a view may be shifted
ENOUGH = 4  # points needed to shift a view
# Added to a fit's remainder (1 at most) for each point that the view lacks. Otherwise the view with the fewest points
# would fit best, and a face that was found would be drawn from behind.
LACKING = 1.0
_LEAST = 1e-9  # below this, squared torso lengths say nothing about a turn


def as_complex(points: F32 | F64) -> C128:
    """(N, 2) points as x + iy, (N,)."""
    numbers: C128 = np.ascontiguousarray(points, np.float64).view(np.complex128)[..., 0]
    return numbers


def point_key(offsets: C128, found: Bool, direction: complex) -> F64:
    """(KEY_SIZE,) the key of KEY_POINTS points, `offsets` torso lengths from the joint of a part with `direction`.

    A key is successive points, along and across that direction; (0, 0) stands for one that was not `found`, so a point
    on the joint itself is moved a little.
    """
    places = offsets * direction.conjugate()
    places[places == 0] = 1e-9
    places[~found] = 0
    return places.view(np.float64)


class Shapes:
    """A part's views, (V, KEY_SIZE), as `nearest_fit` compares them. Keys: see `point_key`; a row of inf is no view."""

    def __init__(self, view_keys: F64) -> None:
        points = np.ascontiguousarray(view_keys, np.float64).view(np.complex128)
        self.points: C128 = np.where(np.isfinite(points), points, 0)
        self.found: F64 = (self.points != 0).astype(np.float64)
        self.squares: F64 = np.square(np.abs(self.points))


def nearest_fit(
    key: F64, shapes: Shapes, hangs: bool, *, kept: int | None = None, margin: float = 0.0
) -> tuple[int, complex, complex]:
    """(view, turn, shift): the view that fits `key` best; a product with `turn` turns and sizes it.

    The joint stays where it is for a part that `hangs` on it, and if fewer than ENOUGH points can be compared. View
    `kept` is returned unless another fits better by more than `margin`, a share of the key's own size. If nothing can
    be compared, it is `kept`, or else 0, unchanged.
    """
    points = key.view(np.complex128)
    found = (points != 0).astype(np.float64)
    common = shapes.found @ found
    # Sums over the points that both have, for a missing point is 0; about their means where a view is shifted.
    count = np.where((common >= ENOUGH) & (not hangs), common, np.inf)
    ours, theirs = shapes.found @ points, shapes.points @ found
    turned = shapes.points.conj() @ points - ours * theirs.conj() / count
    our_square = shapes.found @ np.abs(points) ** 2 - np.abs(ours) ** 2 / count
    their_square = shapes.squares @ found - np.abs(theirs) ** 2 / count
    length = np.abs(turned)
    told = (length >= _LEAST) & (common >= 2)  # fewer points do not tell how it is turned
    shifts = np.isfinite(count)
    smallest, largest = (np.where(shifts, SIZES_SHIFTED[end], SIZES[end]) for end in (0, 1))
    if kept is not None and not shifts[kept]:
        smallest[kept], largest[kept] = SIZES_KEPT
    size = np.minimum(np.maximum(length / np.where(told, their_square, 1.0), smallest), largest)
    left = (our_square - 2 * size * length + size * size * their_square) / np.where(told, our_square, 1.0)
    left = np.where(told, left + LACKING * (found.sum() - common), np.inf)
    best = int(left.argmin())
    if not told[best]:
        return kept or 0, 1 + 0j, 0j
    if kept is not None and left[kept] <= left[best] + margin:
        best = kept
    turn = complex(size[best] * turned[best] / length[best])
    shift = complex((ours[best] - turn * theirs[best]) / count[best])
    if abs(shift) > FARTHEST:
        shift *= FARTHEST / abs(shift)
    return best, turn, shift


def missed_by(n: int, key: F64, view: F64, turn: complex, shift: complex) -> complex:
    """How far, along + i across in torso lengths, point `n` of a view laid this way lands from the key's.

    0 if either lacks it.
    """
    ours, theirs = (complex(side.view(np.complex128)[n]) for side in (key, view))
    if ours == 0 or theirs == 0 or not np.isfinite(theirs):
        return 0j
    return turn * theirs + shift - ours


def lay(frame: F64, before: float, after: float, turn: complex, shift: complex) -> None:
    """Turn, size and shift a part's (2, 3) frame in place, as `nearest_fit` says.

    `before`, `after`: the part's extents in torso lengths; its joint lies between them, and it has no bone.
    """
    along, across, corner = (complex(x, y) for x, y in frame.T.tolist())
    share = before / (before + after)
    joint = corner + share * along + shift * along / (before + after)
    along, across = turn * along, turn * across
    laid = np.array([along, across, joint - share * along])
    frame[0], frame[1] = laid.real, laid.imag

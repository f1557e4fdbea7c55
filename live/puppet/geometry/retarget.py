"""Retargeter: combines the performer's directions and foreshortening with the target's proportions, bone by bone."""

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.compiler import numba
from live.puppet.geometry.body_stats import BONE_NAMES, BONES, BodyStats, typical_scale

RATIO_RANGE = (0.3, 3.0)
# Ear to ear in torsos: people have 0.25 to 0.35, a cartoon's head may have 2. Above LARGE_HEAD, the head's ratio may
# grow in proportion, or a huge head would be placed by ears that are too close together, and would look away.
LARGE_HEAD, LARGEST_HEAD = 0.5, 2.0
_TORSO, _FOREARM, _THIGH, _SHANK, _FOOT = (
    BONE_NAMES.index(name) for name in ("torso", "forearm", "thigh", "shank", "foot")
)


def _tree(root: int) -> NDArray[np.int64]:
    """Rows of (parent, child, bone), parents first, for BODY_25 with the mid-hip or the neck as its root."""
    rows = [(top.MID_HIP, top.NECK, _TORSO) if root == top.MID_HIP else (top.NECK, top.MID_HIP, _TORSO)]
    rows += [(a, b, i) for i, pairs in enumerate(BONES.values()) for a, b in pairs if i != _TORSO]
    for ankle, toe, heel in ((top.R_ANKLE, top.R_SMALL_TOE, top.R_HEEL), (top.L_ANKLE, top.L_SMALL_TOE, top.L_HEEL)):
        rows += [(ankle, toe, _FOOT), (ankle, heel, _FOOT)]
    return np.array(rows, np.int64)


_FROM_HIP, _FROM_NECK = _tree(top.MID_HIP), _tree(top.NECK)


class Retargeter:
    """Gives a normalized pose the target's bone lengths. Stateless; the identity if performer and target are the same.

    Each bone vector is multiplied by the target's typical length over the performer's (in the target's picture, by the
    typical scale, so that walking nearer or farther changes nothing), within RATIO_RANGE (a huge head's ears may move
    farther apart, see LARGE_HEAD). A length not known for both counts as equal, as do legs unless both were seen
    standing. Head and hands are rigid: they move with nose and wrist, and take the ratio of head and hand sizes.
    """

    def __init__(self, performer: BodyStats, target: BodyStats) -> None:
        scale = typical_scale(performer, target)
        lengths = zip(
            (*performer.bones, performer.head, performer.hand), (*target.bones, target.head, target.hand), strict=True
        )
        ratios = [t / (s * scale) if s > 0 and t > 0 else 1.0 for s, t in lengths]
        highest = np.full(len(ratios), RATIO_RANGE[1])
        highest[-2] *= max(1.0, min(target.head / target.torso, LARGEST_HEAD) / LARGE_HEAD)
        self._ratios = np.clip(np.array(ratios, np.float64), RATIO_RANGE[0], highest)
        self._full = performer.has_legs and target.has_legs
        if not self._full:  # a sitter's thighs point at the camera, so their length is unknown
            self._ratios[[_THIGH, _SHANK, _FOOT]] = 1.0
        leg = sum(performer.bones[i] * (1 - self._ratios[i]) for i in (_THIGH, _SHANK))
        # While no ankle is seen, how far hips and neck sink, per unit of scale, to keep the feet on the floor.
        self._hip_drop = float(leg)
        self._neck_drop = float(leg + performer.bones[_TORSO] * (1 - self._ratios[_TORSO]))

    def apply(self, points: F32, scores: F32, scale: float) -> F32:
        """One frame: new points (137, 2), canvas pixels, from `points` (137, 2) and the `scale` the Normalizer gave.

        `scores`: (137,), 0 if not valid. The lower ankle keeps its height on the canvas; with no ankle in view the hips
        sink as they would for a standing figure; if one side is known only from the waist up, the neck stays. Joints
        with score 0 are carried along; the result is always finite.
        """
        out = np.empty((top.K, 2), np.float32)
        hip_root = self._full and scores[top.MID_HIP] > 0
        drop = scale * (self._hip_drop if hip_root else self._neck_drop) if self._full else 0.0
        tree = _FROM_HIP if hip_root else _FROM_NECK
        _retarget(np.array(points, np.float32), np.array(scores, np.float32), tree, self._ratios, drop, self._full, out)
        return out


@numba.njit(cache=True, nogil=True)
def _retarget(points, scores, tree, ratios, drop, on_floor, out):  # type: ignore[no-untyped-def]
    n = points.shape[0]
    seen = np.empty(n, np.bool_)
    old = np.empty((n, 2))
    root = tree[0, 0]
    for j in range(n):
        finite = np.isfinite(points[j, 0]) and np.isfinite(points[j, 1])
        seen[j] = scores[j] > 0 and finite
        old[j, 0] = points[j, 0] if finite else 0.0
        old[j, 1] = points[j, 1] if finite else 0.0
    new = old.copy()
    if seen[root]:
        _walk(old, seen, tree, ratios, new)
        dy = drop
        if on_floor and (seen[top.R_ANKLE] or seen[top.L_ANKLE]):
            dy = _lower_ankle(old, seen) - _lower_ankle(new, seen)
        for j in range(n):
            new[j, 1] += dy
    out[:] = new


@numba.njit(cache=True, nogil=True)
def _lower_ankle(points, seen):  # type: ignore[no-untyped-def]
    line = -np.inf
    for j in (top.R_ANKLE, top.L_ANKLE):
        if seen[j]:
            line = max(line, points[j, 1])
    return line


@numba.njit(cache=True, nogil=True)
def _hang(old, new, child, parent, ratio):  # type: ignore[no-untyped-def]
    for axis in range(2):
        new[child, axis] = new[parent, axis] + ratio * (old[child, axis] - old[parent, axis])


@numba.njit(cache=True, nogil=True)
def _walk(old, seen, tree, ratios, new):  # type: ignore[no-untyped-def]
    # A joint that is not seen passes its parent on to its children.
    stand_in = np.arange(old.shape[0])
    for row in range(tree.shape[0]):
        parent, child, bone = tree[row, 0], tree[row, 1], tree[row, 2]
        parent = stand_in[parent]
        _hang(old, new, child, parent, ratios[bone])
        if not seen[child]:
            stand_in[child] = parent
    head, hand = ratios[ratios.shape[0] - 2], ratios[ratios.shape[0] - 1]
    nose = stand_in[0]
    for j in range(15, 19):
        _hang(old, new, j, nose, head)
    for j in range(25, 95):
        _hang(old, new, j, nose, head)
    for wrist, first in ((7, 95), (4, 116)):
        base = stand_in[wrist]
        if base != wrist and seen[first]:  # the hand is seen but not the wrist, so the hand's root stands in for it
            _hang(old, new, first, base, ratios[_FOREARM])
            base = first
        for j in range(first, first + 21):
            if j != base:
                _hang(old, new, j, base, hand)

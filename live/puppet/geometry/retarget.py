"""Retargeter: combines the performer's directions and foreshortening with the target's proportions, bone by bone."""

import numpy as np

from engines.arrays import F32, F64, Bool
from live.puppet import topology as top
from live.puppet.geometry.body_stats import BONE_NAMES, BONES, BodyStats, typical_scale

RATIO_RANGE = (0.3, 3.0)
# Ear to ear in torsos: people have 0.25 to 0.35, a cartoon's head may have 2. Above LARGE_HEAD, the head's ratio may
# grow in proportion, or a huge head would be placed by ears that are too close together, and would look away.
LARGE_HEAD, LARGEST_HEAD = 0.5, 2.0
_TORSO, _FOREARM, _THIGH, _SHANK, _FOOT = (
    BONE_NAMES.index(name) for name in ("torso", "forearm", "thigh", "shank", "foot")
)


def _tree(root: int) -> list[tuple[int, int, int]]:
    """Rows of (parent, child, bone), parents first, for BODY_25 with the mid-hip or the neck as its root."""
    rows = [(top.MID_HIP, top.NECK, _TORSO) if root == top.MID_HIP else (top.NECK, top.MID_HIP, _TORSO)]
    rows += [(a, b, i) for i, pairs in enumerate(BONES.values()) for a, b in pairs if i != _TORSO]
    for ankle, toe, heel in ((top.R_ANKLE, top.R_SMALL_TOE, top.R_HEEL), (top.L_ANKLE, top.L_SMALL_TOE, top.L_HEEL)):
        rows += [(ankle, toe, _FOOT), (ankle, heel, _FOOT)]
    return rows


_EYES_AND_EARS = slice(top.R_EYE, top.L_EAR + 1)
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
        hip_root = self._full and scores[top.MID_HIP] > 0
        tree, root = (_FROM_HIP, top.MID_HIP) if hip_root else (_FROM_NECK, top.NECK)
        finite = np.isfinite(points).all(1)
        seen = (scores > 0) & finite
        old = np.where(finite[:, None], points, 0).astype(np.float64)
        if not seen[root]:
            return old.astype(np.float32)
        new = self._walked(old, seen, tree)
        if self._full and (seen[top.R_ANKLE] or seen[top.L_ANKLE]):
            new[:, 1] += _lower_ankle(old, seen) - _lower_ankle(new, seen)
        elif self._full:
            new[:, 1] += scale * (self._hip_drop if hip_root else self._neck_drop)
        return new.astype(np.float32)

    def _walked(self, old: F64, seen: Bool, tree: list[tuple[int, int, int]]) -> F64:
        """Every joint hung on its parent anew, from the root outwards: (137, 2)."""
        new, ratios = old.copy(), self._ratios.tolist()
        xy, was = new.tolist(), old.tolist()
        # A joint that is not seen passes its parent on to its children.
        stand_in = list(range(len(was)))
        for parent, child, bone in tree:
            parent = stand_in[parent]
            xy[child] = _hung(was, xy, child, parent, ratios[bone])
            if not seen[child]:
                stand_in[child] = parent
        nose, hands = stand_in[top.NOSE], []
        for wrist, points in ((top.L_WRIST, top.L_HAND), (top.R_WRIST, top.R_HAND)):
            base, first = stand_in[wrist], points.start
            if base != wrist and seen[first]:  # the hand is seen but not the wrist, whose place its root takes
                xy[first] = _hung(was, xy, first, base, ratios[_FOREARM])
                base = first
            hands.append((base, points))
        new[:] = xy
        for points in (_EYES_AND_EARS, top.FACE):
            new[points] = new[nose] + ratios[-2] * (old[points] - old[nose])
        for base, points in hands:
            new[points] = new[base] + ratios[-1] * (old[points] - old[base])
        return new


def _hung(old: list[list[float]], new: list[list[float]], child: int, parent: int, ratio: float) -> list[float]:
    """Where `child` hangs on `parent` with its bone `ratio` times as long. Lists: 4 times as fast as arrays here."""
    (x, y), (parent_x, parent_y), (at_x, at_y) = old[child], old[parent], new[parent]
    return [at_x + ratio * (x - parent_x), at_y + ratio * (y - parent_y)]


def _lower_ankle(points: F64, seen: Bool) -> float:
    return max(float(points[ankle, 1]) for ankle in (top.R_ANKLE, top.L_ANKLE) if seen[ankle])

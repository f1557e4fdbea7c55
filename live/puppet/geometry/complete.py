"""Completer: puts limbs that the camera does not see in a rest position, so that the puppet is never cut in pieces.

A caller's legs are under the desk, or a dancer's feet leave the picture. As the generator has only learnt whole
figures, an unseen joint takes its rest place relative to its parent, and glides there and back instead of jumping.
"""

import numpy as np

from engines.arrays import F32
from live.puppet import topology as T
from live.puppet.geometry.body_stats import BONE_NAMES, BodyStats

GLIDE_S = 0.3
# Bone lengths in torsos if the target's own are unknown (a waist-up take shows no knees): usual human proportions.
_USUAL = {"shoulder": 0.36, "upper_arm": 0.58, "forearm": 0.50, "hip": 0.20, "thigh": 0.80, "shank": 0.80, "foot": 0.25}


def _rest_tree(target: BodyStats) -> list[tuple[int, int, float, float]]:
    """(parent, joint, dx, dy) in torso lengths, parents first: a figure that stands facing us, arms hanging."""
    torso = target.torso if target.torso > 0 else 1.0
    known = {
        name: length / torso if target.torso > 0 else 0.0 for name, length in zip(BONE_NAMES, target.bones, strict=True)
    }
    length = {name: known[name] if known[name] > 0 else usual for name, usual in _USUAL.items()}
    rows = [(T.NECK, T.MID_HIP, 0.0, 1.0)]
    right = (T.R_SHOULDER, T.R_ELBOW, T.R_WRIST, T.R_HIP, T.R_KNEE, T.R_ANKLE, T.R_BIG_TOE, T.R_SMALL_TOE, T.R_HEEL)
    left = (T.L_SHOULDER, T.L_ELBOW, T.L_WRIST, T.L_HIP, T.L_KNEE, T.L_ANKLE, T.L_BIG_TOE, T.L_SMALL_TOE, T.L_HEEL)
    for side, (shoulder, elbow, wrist, hip, knee, ankle, big, small, heel) in ((-1.0, right), (1.0, left)):
        rows += [
            (T.NECK, shoulder, side * length["shoulder"], 0.0),
            (shoulder, elbow, side * 0.12 * length["upper_arm"], 0.99 * length["upper_arm"]),
            (elbow, wrist, side * 0.05 * length["forearm"], length["forearm"]),
            (T.MID_HIP, hip, side * length["hip"], 0.0),
            (hip, knee, side * 0.08 * length["thigh"], length["thigh"]),
            (knee, ankle, 0.0, length["shank"]),
            (ankle, big, side * 0.3 * length["foot"], 0.6 * length["foot"]),
            (ankle, small, side * 0.5 * length["foot"], 0.5 * length["foot"]),
            (ankle, heel, 0.0, 0.25 * length["foot"]),
        ]
    return rows


class Completer:
    """Gives every joint of trunk and limbs a place. Changes nothing while all are seen. Not thread-safe."""

    def __init__(self, target: BodyStats, *, valid_score: float) -> None:
        self._tree = _rest_tree(target)
        self._valid_score = valid_score
        self.reset()

    def reset(self) -> None:
        """Forget what was seen and start over."""
        self._share = np.full(T.K, -1.0)  # 1: as seen, 0: at rest, -1: not yet known
        self._last = np.zeros((T.K, 2))  # offset from the parent, in torso lengths, when last seen
        self._last_t_s: float | None = None

    def apply(self, points: F32, scores: F32, t_s: float, torso_px: float) -> tuple[F32, F32]:
        """New points (137, 2), canvas pixels, and scores (137,); completed joints score 1. Adds none without a neck."""
        if scores[T.NECK] < self._valid_score:
            self.reset()
            return points, scores
        step = 1.0 if self._last_t_s is None else max(0.0, t_s - self._last_t_s) / GLIDE_S
        self._last_t_s = t_s
        out, out_scores = points.copy(), scores.copy()
        for parent, joint, dx, dy in self._tree:
            seen = bool(scores[joint] >= self._valid_score)
            if seen:
                self._last[joint] = (points[joint] - points[parent]) / torso_px if scores[parent] > 0 else (dx, dy)
            share = self._share[joint]
            share = float(seen) if share < 0 else min(1.0, share + step) if seen else max(0.0, share - step)
            self._share[joint] = share
            if seen and share == 1.0:
                continue
            offset = np.array([dx, dy]) + share * (self._last[joint] - (dx, dy))
            out[joint] = out[parent] + offset * torso_px
            out_scores[joint] = 1.0
        return out, out_scores

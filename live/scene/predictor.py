"""`Predictor`: moves a pose on to the moment at which its picture will be seen."""

import math
from dataclasses import dataclass, replace

import numpy as np

from engines.arrays import F32, F64
from live.puppet import topology as T
from live.puppet.geometry.smooth import low_pass_share
from live.puppet.values import PlacedPose

# All measured on two real clips (docs/measurements.md, "Prediction"): velocity is low-passed as in the One Euro filter;
# it is trusted the less the further ahead, for people turn round and stop; and slow joints are left alone, since their
# velocity is mostly noise. And a velocity counts only as far as the frame before bears it out: a joint that was put
# elsewhere for one frame would be thrown twice as far.
CUTOFF_HZ = 6.0
TRUST_S = 0.06
SLOW = 0.8  # torso lengths a second: at this speed half of the velocity counts
FARTHEST = 0.3  # torso lengths that a joint may be moved
FORGET_S = 0.2  # after a gap this long the old velocity says nothing
_SURE = 0.7  # the score from which a joint's velocity counts in full; at the valid score it counts nothing
# Fingers, and points of the face, move on as a whole: one by one they are too noisy, and a hand would lose its shape.
_HEAD = [T.NOSE, T.R_EYE, T.L_EYE, T.R_EAR, T.L_EAR]
_WHOLES = ((T.L_HAND, [T.L_WRIST]), (T.R_HAND, [T.R_WRIST]), (T.FACE, _HEAD))


@dataclass(frozen=True, slots=True)
class Motion:
    """A placed pose, and the velocity of its points, (137, 2) float32, pixels of the canvas a second."""

    placed: PlacedPose
    velocity: F32

    def after(self, ahead_s: float) -> PlacedPose:
        """The pose `ahead_s` later, with the frame number and time of the one it was made from. New arrays."""
        if ahead_s <= 0:
            return self.placed
        step = self.velocity * np.float32(TRUST_S * (1 - math.exp(-ahead_s / TRUST_S)))
        length = np.hypot(step[:, 0], step[:, 1])
        step *= np.minimum(1, FARTHEST * self.placed.size_px / np.maximum(length, 1e-6))[:, None]
        return replace(self.placed, points_px=(self.placed.points_px + step).astype(np.float32))


class Predictor:
    """Follows the velocity of one person's joints on the canvas. `valid_score`: the target's. Not thread-safe."""

    def __init__(self, *, valid_score: float) -> None:
        self._valid_score = valid_score
        self.reset()

    def reset(self) -> None:
        """Forget the person and start over."""
        self._last: PlacedPose | None = None
        self._velocity = np.zeros((T.K, 2))  # torso lengths a second
        self._moved = np.zeros((T.K, 2))  # the same, from the last two poses alone

    def step(self, placed: PlacedPose) -> Motion:
        """Pass every pose, in order of time. A joint not found in this pose or the one before stands still."""
        last, self._last = self._last, placed
        passed_s = 0.0 if last is None else placed.t_capture_s - last.t_capture_s
        if last is None or not 0 < passed_s <= FORGET_S:
            self._velocity[:] = self._moved[:] = 0
        else:
            now = (placed.points_px - last.points_px) / (passed_s * placed.size_px)
            self._velocity += low_pass_share(CUTOFF_HZ, passed_s) * (_borne_out(now, self._moved) - self._velocity)
            self._moved = now
            self._velocity[np.minimum(placed.scores, last.scores) < self._valid_score] = 0
        return Motion(placed, (self._trusted(placed.scores) * placed.size_px).astype(np.float32))

    def _trusted(self, scores: F32) -> F64:
        square = (self._velocity**2).sum(axis=1)
        sure = np.clip((scores - self._valid_score) / (_SURE - self._valid_score), 0, 1)
        velocity: F64 = self._velocity * (sure * square / (square + SLOW**2))[:, None]
        for points, leaders in _WHOLES:
            velocity[points] = velocity[leaders].mean(axis=0)
        return velocity


def _borne_out(now: F64, before: F64) -> F64:
    """`now`, but each number at most twice as large as in `before`, and 0 where the signs differ."""
    return np.where(now * before > 0, np.sign(now) * np.minimum(np.abs(now), 2 * np.abs(before)), 0.0)

"""`RaisedHands`: both hands above the head for 2 s start or restart the wizard, from anywhere in the room."""

import numpy as np

from calib.sight import LONGEST_GAP_S, look, seen_joints
from live.puppet import topology as T
from live.puppet.values import Pose

RAISED_S = 2.0
GRACE_S = 0.25
# The top of the head is this share of the neck-to-nose distance above the nose.
_TOP_OF_HEAD = 0.8


class RaisedHands:
    """Reports once each time the hands were up long enough. Goes by the poses' own time. Not thread-safe."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start over."""
        self._since_s: float | None = None
        self._last_s = 0.0
        self._told = False

    def step(self, pose: Pose) -> bool:
        """Take in one pose. True for the pose that completes the 2 s, and not again until the hands were down."""
        now = pose.t_capture_s
        up = raised(pose)
        if self._since_s is not None and not 0 <= now - self._last_s <= (LONGEST_GAP_S if up else GRACE_S):
            self.reset()
        if not up:
            return False
        self._last_s = now
        if self._since_s is None:
            self._since_s = now
        if self._told or now - self._since_s < RAISED_S:
            return False
        self._told = True
        return True


def raised(pose: Pose) -> bool:
    """Whether both hands are above the head in this pose. For a hand beyond the upper edge, the elbow counts."""
    if not look(pose).person:
        return False
    seen, y = seen_joints(pose), pose.points_px[:, 1]
    top = y[T.NOSE] - _TOP_OF_HEAD * (y[T.NECK] - y[T.NOSE])
    arms = ((T.R_WRIST, T.R_ELBOW), (T.L_WRIST, T.L_ELBOW))
    return all(
        bool(y[wrist] < top) if seen[wrist] else bool(seen[elbow] and y[elbow] < y[T.NOSE]) for wrist, elbow in arms
    ) and bool(np.isfinite(top))

"""`Hold`: the meter of a held pose: first a countdown, then one second that is measured."""

from collections import deque
from dataclasses import dataclass

from calib.sight import LONGEST_GAP_S, settled
from live.puppet.values import Pose

COUNTDOWN_S, MEASURED_S = 2.0, 1.0
GRACE_S = 0.25  # an estimator loses a joint for a few frames now and then


@dataclass(frozen=True, slots=True)
class Meter:
    """`progress`: 0..1. `countdown_s`: seconds to go, None while the pose is wrong. `tick`: a full second passed.

    `poses`: those of the measured second, once it is full.
    """

    progress: float
    countdown_s: float | None
    tick: bool
    poses: tuple[Pose, ...] | None


class Hold:
    """Fills while the pose is right, by capture time; starts over if it was wrong for longer than the grace.

    Somebody who drifts too slowly to count as moving (a slow walk) is measured after a second spent in one place.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Start over."""
        self._since_s: float | None = None
        self._right_s = 0.0
        self._ticks = 0
        self._measured: deque[Pose] = deque()  # the last second

    def step(self, pose: Pose, right: bool) -> Meter:
        """Take in one pose; `right`: it is the one that was asked for, and held still."""
        now = pose.t_capture_s
        if self._since_s is not None and not 0 <= now - self._right_s <= (LONGEST_GAP_S if right else GRACE_S):
            self.reset()
        if right:
            self._right_s = now
            if self._since_s is None:
                self._since_s = now
        if self._since_s is None:
            return Meter(0.0, None, False, None)
        passed, whole = now - self._since_s, COUNTDOWN_S + MEASURED_S
        if right and passed >= COUNTDOWN_S:
            self._measured.append(pose)
            while now - self._measured[0].t_capture_s > MEASURED_S:
                self._measured.popleft()
        ticks = int(passed) + 1
        tick, self._ticks = ticks > self._ticks, ticks
        done = right and passed >= whole and settled(self._measured)
        return Meter(min(1.0, passed / whole), max(0.0, whole - passed), tick, tuple(self._measured) if done else None)

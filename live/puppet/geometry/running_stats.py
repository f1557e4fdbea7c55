"""RunningStats: measures the performer while they move, until enough was seen; then frozen."""

from collections import deque

from live.puppet.geometry.body_stats import MIN_FRAMES, BodyStats, fit_stats, usable
from live.puppet.values import Pose

MAX_POSES = 600
LONGEST_STEP_S = 0.2  # a longer gap between two poses is time out of view


class RunningStats:
    """Online `fit_stats`: quantiles over the usable poses so far, frozen after `freeze_s` seconds of a person in view.

    Keeps only the last MAX_POSES poses, as copies. The same poses give the same statistics. Not thread-safe.
    """

    def __init__(self, *, freeze_s: float) -> None:
        if not freeze_s > 0:
            raise ValueError(f"freeze_s: got {freeze_s}, wanted seconds above 0")
        self._freeze_s = freeze_s
        self.reset()

    def reset(self) -> None:
        """Forget the performer and start over."""
        self._poses: deque[Pose] = deque(maxlen=MAX_POSES)
        self._since_fit = 0
        self._in_view_s = 0.0
        self._stats: BodyStats | None = None
        self.frozen = False

    def add(self, pose: Pose) -> None:
        """Take in one pose in pixels of the performer's picture, in order of time. Does nothing once frozen."""
        if self.frozen or not usable(pose.points_px[None], pose.scores[None])[0]:
            return
        if self._poses:
            if pose.image_size != self._poses[-1].image_size:
                self.reset()
            else:
                self._in_view_s += min(max(pose.t_capture_s - self._poses[-1].t_capture_s, 0.0), LONGEST_STEP_S)
        self._poses.append(pose.copy())
        self._since_fit += 1
        self.frozen = self._in_view_s >= self._freeze_s and len(self._poses) >= MIN_FRAMES
        if self.frozen or self._since_fit >= MIN_FRAMES:
            self._stats, self._since_fit = fit_stats(list(self._poses)), 0
        if self.frozen:
            self._poses.clear()

    def current(self) -> BodyStats | None:
        """The statistics so far (the same object until the next fit), or None before 30 usable poses."""
        return self._stats

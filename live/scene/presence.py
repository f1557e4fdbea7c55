"""`Presence`: what is shown when nobody is in view. Nothing here ever sees a camera picture."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from live.puppet.values import PlacedPose
from live.scene.idle_loop import IdleLoop, blend
from live.scene.predictor import Motion

State = Literal["in view", "held", "easing", "idle"]


@dataclass(frozen=True, slots=True)
class PresencePose:
    """The pose to draw; None: the "back soon" card. `epoch` grows each time the recurrence has to start over. `motion`:
    what `placed` was moved on from by `ahead_s`; None if it is not predicted.
    """

    placed: PlacedPose | None
    state: State
    epoch: int
    motion: Motion | None = None
    ahead_s: float = 0.0


class Presence:
    """In view -> held for `hold_s` -> easing for `ease_s` -> idle, by capture time. Coming back into view starts a new
    epoch, except while still held: then the person was never gone.

    Starts out idle. `idle` None: shows the card instead of a loop.
    """

    def __init__(self, idle: IdleLoop | None, *, hold_s: float, ease_s: float) -> None:
        self._idle, self._hold_s, self._ease_s = idle, hold_s, ease_s
        self.reset()

    def reset(self) -> None:
        """Start over."""
        self._last: PlacedPose | None = None
        self._state: State = "idle"
        self._idle_since_s: float | None = None
        self._epoch = 0

    @property
    def gone(self) -> bool:
        """Whether somebody was in view and left, so that whoever comes next starts over."""
        return self._last is not None and self._state in ("easing", "idle")

    def away_s(self, t_s: float) -> float:
        """Seconds from when somebody was last in view to `t_s`; 0 if nobody ever was."""
        return 0.0 if self._last is None else t_s - self._last.t_capture_s

    def seen(self, placed: PlacedPose) -> PresencePose:
        """Somebody is in view."""
        if self._state in ("easing", "idle"):
            self._epoch += 1
        self._last = PlacedPose(
            placed.frame_id, placed.t_capture_s, placed.points_px.copy(), placed.scores.copy(), placed.size_px
        )
        self._state, self._idle_since_s = "in view", None
        return PresencePose(placed, "in view", self._epoch)

    def missed(self, frame_id: int, t_capture_s: float) -> PresencePose:
        """Nobody is in view in this frame."""
        away = self.away_s(t_capture_s)
        if self._last is not None and away < self._hold_s:
            self._state = "held"
            last = self._last
            return PresencePose(
                PlacedPose(frame_id, t_capture_s, last.points_px, last.scores, last.size_px), self._state, self._epoch
            )
        if self._idle_since_s is None:
            self._idle_since_s = t_capture_s
        if self._idle is None:
            self._state = "idle"
            return PresencePose(None, self._state, self._epoch)
        idle = self._idle.pose(frame_id, t_capture_s, t_capture_s - self._idle_since_s)
        part = (away - self._hold_s) / self._ease_s if self._last is not None and self._ease_s > 0 else 1.0
        if self._last is None or part >= 1:
            self._state = "idle"
            return PresencePose(idle, self._state, self._epoch)
        self._state = "easing"
        return PresencePose(_eased(self._last, idle, part), self._state, self._epoch)


def _eased(last: PlacedPose, idle: PlacedPose, part: float) -> PlacedPose:
    smooth = np.float32(part * part * (3 - 2 * part))
    points, scores = blend((last.points_px, last.scores), (idle.points_px, idle.scores), smooth)
    size = float(last.size_px * (1 - smooth) + idle.size_px * smooth)
    return PlacedPose(idle.frame_id, idle.t_capture_s, points, scores, size)

"""`PoseStage`: Frame -> Drawn. The estimator, the Conditioner and the presence policy, in that order."""

from typing import Protocol

from live.clock import Clock
from live.estimator import PoseEstimator
from live.generator import Drawn
from live.presence import Presence, Shown
from live.puppet.values import Conditioning, Frame, PlacedPose, Pose
from live.report import Report

NO_FRAME = -1  # the frame_id of a picture behind which there is no frame: the camera is gone, the puppet idles


class Placing(Protocol):
    """What this stage needs of a `live.puppet.condition.Conditioner`."""

    def place(self, pose: Pose) -> PlacedPose: ...

    def draw(self, placed: PlacedPose) -> Conditioning: ...

    def reset(self, *, keep_performer: bool = False) -> None: ...


class PoseStage:
    """Estimates, places and draws. Somebody is in view when at least one joint reaches `valid_score`.

    Away for more than `forget_s`, the next person counts as another one, whose measures are taken anew.
    """

    def __init__(
        self,
        estimator: PoseEstimator,
        conditioner: Placing,
        presence: Presence,
        clock: Clock,
        report: Report,
        *,
        valid_score: float,
        forget_s: float,
    ) -> None:
        self._estimator, self._conditioner, self._presence = estimator, conditioner, presence
        self._clock, self._report = clock, report
        self._valid_score, self._forget_s = valid_score, forget_s
        self._last_t_s: float | None = None
        self.ever_seen = False

    def step(self, frame: Frame) -> Drawn:
        """The drawn pose of whoever is in `frame`, or what the presence policy shows instead. The arrays are new."""
        start = self._clock.now()
        pose = self._estimator.estimate(frame)
        estimated = self._clock.now()
        drawn = self._draw(self._choose(pose), frame.frame_id, frame.t_capture_s)
        self._report.stages["estimate"].add(estimated - start)
        self._report.stages["condition"].add(self._clock.now() - estimated)
        self._report.estimated.add(estimated)
        return drawn

    def nobody(self, now_s: float) -> Drawn:
        """The same when the source gives no frame at all."""
        return self._draw(self._presence.missed(NO_FRAME, now_s), NO_FRAME, now_s)

    def close(self) -> None:
        """Free the estimator."""
        self._estimator.close()

    def _choose(self, pose: Pose) -> Shown:
        if pose.in_view and self._presence.gone:
            same = self._presence.away_s(pose.t_capture_s) <= self._forget_s
            self._conditioner.reset(keep_performer=same)
        # Also when nobody is in view: the Conditioner has to see every pose, as it does in training.
        placed = self._conditioner.place(pose)
        if pose.in_view and (placed.scores >= self._valid_score).any():
            self.ever_seen = True
            return self._presence.seen(placed)
        return self._presence.missed(pose.frame_id, pose.t_capture_s)

    def _draw(self, shown: Shown, frame_id: int, t_s: float) -> Drawn:
        passed = 0.0 if self._last_t_s is None else max(0.0, t_s - self._last_t_s)
        self._last_t_s = t_s
        self._report.person_shown(shown.state, passed)
        conditioning = None if shown.placed is None else self._conditioner.draw(shown.placed)
        return Drawn(frame_id, t_s, conditioning, shown.epoch)

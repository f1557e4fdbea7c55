"""`PoseStage`: Frame -> Shot. The estimator, then the scene's Conditioner and presence policy, in that order."""

from collections.abc import Callable

from live.clock import Clock
from live.estimator import PoseEstimator
from live.generator import Drawn
from live.mirror import mirrored
from live.presence import Shown
from live.puppet.values import Frame, Pose
from live.report import Report
from live.scene import Scene, Scenes, Shot

NO_FRAME = -1  # the frame_id of a picture behind which there is no frame: the camera is gone, the puppet idles

Saw = Callable[[Pose, Frame], None]


class PoseStage:
    """Estimates, places and draws, each frame in the scene that is the newest then.

    Somebody is in view when at least one joint reaches the target's `valid_score`. Away for more than `forget_s`, the
    next person counts as another one, whose measures are taken anew. `saw` is told every pose as it was estimated, not
    mirrored, with its frame.
    """

    def __init__(
        self,
        estimator: PoseEstimator,
        scenes: Scenes,
        clock: Clock,
        report: Report,
        *,
        forget_s: float,
        saw: Saw = lambda pose, frame: None,
    ) -> None:
        self._estimator, self._scenes, self._scene = estimator, scenes, scenes.current
        self._clock, self._report, self._saw = clock, report, saw
        self._forget_s = forget_s
        self._last_t_s: float | None = None
        self.ever_seen = False

    def step(self, frame: Frame) -> Shot:
        """The drawn pose of whoever is in `frame`, or what the presence policy shows instead. The arrays are new."""
        start = self._clock.now()
        pose = self._estimator.estimate(frame)
        estimated = self._clock.now()
        self._saw(pose, frame)
        began = self._clock.now()
        scene = self._enter_newest()
        shot = self._draw(scene, self._choose(scene, pose), frame.frame_id, frame.t_capture_s)
        drawn = self._clock.now()
        self._report.took("estimate", estimated - start, drawn)
        self._report.took("condition", drawn - began, drawn)
        self._report.estimated.add(estimated)
        return shot

    def nobody(self, now_s: float) -> Shot:
        """The same when the source gives no frame at all."""
        scene = self._enter_newest()
        return self._draw(scene, scene.presence.missed(NO_FRAME, now_s), NO_FRAME, now_s)

    def close(self) -> None:
        """Free the estimator."""
        self._estimator.close()

    def _enter_newest(self) -> Scene:
        scene, before = self._scenes.current, self._scene
        if scene.conditioner is not before.conditioner and scene.look.mirror == before.look.mirror:
            scene.conditioner.inherit(before.conditioner)
        self._scene = scene
        return scene

    def _choose(self, scene: Scene, pose: Pose) -> Shown:
        if scene.look.mirror:
            pose = mirrored(pose)
        presence = scene.presence
        if pose.in_view and presence.gone:
            same = presence.away_s(pose.t_capture_s) <= self._forget_s
            scene.conditioner.reset(keep_performer=same)
            scene.legs.reset()
        # Also when nobody is in view: the Conditioner has to see every pose, as it does in training.
        placed = scene.conditioner.place(pose)
        if pose.in_view and (placed.scores >= scene.target.puppet.valid_score).any():
            self.ever_seen = True
            return presence.seen(scene.legs.apply(pose, placed))
        return presence.missed(pose.frame_id, pose.t_capture_s)

    def _draw(self, scene: Scene, shown: Shown, frame_id: int, t_s: float) -> Shot:
        passed = 0.0 if self._last_t_s is None else max(0.0, t_s - self._last_t_s)
        self._last_t_s = t_s
        self._report.person_shown("card" if shown.placed is None else shown.state, passed)
        conditioning = None if shown.placed is None else scene.conditioner.draw(shown.placed)
        return Shot(scene, Drawn(frame_id, t_s, conditioning, shown.epoch, scene.cut))

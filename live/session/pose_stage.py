"""`PoseStage`: Frame -> RenderJob. The estimator, then the scene's Conditioner and presence policy, in that order."""

import contextlib
import threading
from collections.abc import Callable
from dataclasses import replace

from live.clock import Clock
from live.estimator.estimator import PoseEstimator
from live.faults.fault_policy import FaultPolicyFactory
from live.faults.replacement import Replacement
from live.faults.watchdog import HungError, Watchdog
from live.performer.mirror import mirror_pose
from live.puppet.values import Conditioning, Frame, PlacedPose, Pose
from live.render.renderer import RenderInput
from live.scene.predictor import Predictor
from live.scene.presence import Presence, PresencePose
from live.scene.scene import RenderJob, Scene, Scenes
from live.telemetry.report import Report

NO_FRAME = -1  # the frame_id of a picture without a frame: the camera is gone and the puppet idles

Saw = Callable[[Pose, Frame], None]
Resized = Callable[[tuple[int, int]], None]


class PoseStage:
    """Estimates, places and draws each frame in the newest scene.

    Somebody is in view if at least one joint reaches the target's `valid_score`. After more than `forget_s` away, the
    next person counts as somebody new and is measured again. `saw` gets every pose as estimated, not mirrored, with its
    frame; `resized` is called when the size of a camera's pictures changes, with the new (width, height). `faults`
    makes the policies that decide whether the show goes on after a failure: without the `estimator` the puppet idles
    until `replacement` has another one, without a scene the card is shown until `reopen` has another. `ahead_s`: how
    long after its capture a frame's picture will be seen; None: poses are not predicted.
    """

    def __init__(
        self,
        estimator: PoseEstimator,
        scenes: Scenes,
        clock: Clock,
        report: Report,
        *,
        forget_s: float,
        replacement: Replacement[PoseEstimator],
        reopen: Callable[[], None],
        faults: FaultPolicyFactory,
        realtime: bool,
        ahead_s: Callable[[], float] | None = None,
        saw: Saw = lambda pose, frame: None,
        resized: Resized = lambda size: None,
    ) -> None:
        self._estimator, self._scenes, self._scene = estimator, scenes, scenes.current
        self._clock, self._report, self._saw = clock, report, saw
        self._resized, self._size = resized, (0, 0)
        self._forget_s, self._replacement = forget_s, replacement
        self._watchdog, self._hung = Watchdog("estimate", patient=not realtime), False
        self._exchanging, self._closed = threading.Lock(), False
        self._estimator_faults = faults("the pose estimator", "the puppet idles", replacement.ask)
        self._onlooker_faults = faults(
            "the automatic framing or the calibration gesture", "going on without it", lambda: None
        )
        self._drawing_faults = faults("the drawing of the pose", "showing a card", reopen)
        self._ahead_s, self._predictor = ahead_s, self._predictor_for(self._scene)
        self._drawn_before: Conditioning | None = None  # by the conditioner of this scene
        self._last_t_s: float | None = None
        self._spoilt: Scene | None = None  # the scene in which drawing failed: its measures are not to be trusted
        self.ever_seen = False

    def step(self, frame: Frame) -> RenderJob:
        """The drawn pose of the person in `frame`, or what the presence policy shows instead. New arrays."""
        start = self._clock.now()
        pose = self._estimate(frame)
        if pose is None:
            return self.nobody(frame.t_capture_s)
        estimated = self._clock.now()
        self._tell(pose, frame)
        began = self._clock.now()
        shot = self._drawn(lambda scene: self._choose(scene, pose), frame.frame_id, frame.t_capture_s)
        drawn = self._clock.now()
        self._report.took("estimate", estimated - start, drawn)
        self._report.took("condition", drawn - began, drawn)
        self._report.estimated.add(estimated)
        return shot

    def nobody(self, now_s: float) -> RenderJob:
        """Like `step`, when the source gives no frame at all."""
        return self._drawn(lambda scene: scene.presence.missed(NO_FRAME, now_s), NO_FRAME, now_s)

    def close(self) -> None:
        """Free the estimator."""
        self._replacement.close()
        self._watchdog.close()
        with self._exchanging:
            self._closed, hung = True, self._hung
        if not hung:
            self._estimator.close()

    def _estimate(self, frame: Frame) -> Pose | None:
        """None if the estimator has failed."""
        if (another := self._replacement.take()) is not None:
            self._exchange(another)
        if self._hung:
            self._estimator_faults.wait()
            return None
        estimator = self._estimator
        try:
            pose = self._watchdog.call(
                lambda: estimator.estimate(frame), hangs=self._hang, back=lambda: self._came_back(estimator)
            )
        except Exception as error:
            if isinstance(error, HungError):
                self._report.changed("left behind", "the pose estimator", self._clock.now())
            self._estimator_faults.add(error)
            return None
        self._estimator_faults.clear()
        return pose

    def _hang(self) -> None:
        self._hung = True

    def _came_back(self, estimator: PoseEstimator) -> None:
        """Called in the abandoned thread: use the estimator again, or free it if another has taken its place."""
        with self._exchanging:
            if estimator is self._estimator and not self._closed:
                self._hung = False
                return
        estimator.close()

    def _exchange(self, another: PoseEstimator) -> None:
        with self._exchanging:
            failed, self._estimator = self._estimator, another
            hung, self._hung = self._hung, False
        if not hung:  # a hung one is closed by the thread that is still in it
            with contextlib.suppress(Exception):  # a broken one may raise anything
                self._watchdog.call(failed.close)

    def _tell(self, pose: Pose, frame: Frame) -> None:
        try:
            self._saw(pose, frame)
        except Exception as error:
            self._onlooker_faults.add(error)
        else:
            self._onlooker_faults.clear()

    def _drawn(self, choose: Callable[[Scene], PresencePose], frame_id: int, t_s: float) -> RenderJob:
        """Draw what `choose` returns for the newest scene; the card if either fails."""
        scene = self._scenes.current
        try:
            self._enter(scene)
            shot = self._draw(scene, choose(scene), frame_id, t_s)
        except Exception as error:
            self._drawing_faults.add(error)
            self._spoilt = scene
            return RenderJob(scene, RenderInput(NO_FRAME, t_s, None, 0, scene.cut))
        self._drawing_faults.clear()
        return shot

    def _enter(self, scene: Scene) -> None:
        before, self._scene = self._scene, scene
        if scene.conditioner is not before.conditioner:
            self._predictor, self._drawn_before = self._predictor_for(scene), None
        same_person = scene.settings.mirror == before.settings.mirror and before is not self._spoilt
        if scene.conditioner is not before.conditioner and same_person:
            scene.conditioner.inherit(before.conditioner)

    def _choose(self, scene: Scene, pose: Pose) -> PresencePose:
        self._measure_anew(scene, pose)
        if scene.settings.mirror:
            pose = mirror_pose(pose)
        presence = scene.presence
        if pose.in_view and presence.gone:
            same = presence.away_s(pose.t_capture_s) <= self._forget_s
            scene.conditioner.reset(keep_performer=same)
            scene.legs.reset()
            self._predictor.reset()
        # Even if nobody is in view: the Conditioner has to see every pose, as it does in training.
        placed = scene.conditioner.place(pose)
        if pose.in_view and (placed.scores >= scene.target.puppet.valid_score).any():
            self.ever_seen = True
            return self._seen(presence, scene.legs.apply(pose, placed))
        return presence.missed(pose.frame_id, pose.t_capture_s)

    def _seen(self, presence: Presence, placed: PlacedPose) -> PresencePose:
        if self._ahead_s is None:
            return presence.seen(placed)
        motion, ahead_s = self._predictor.step(placed), self._ahead_s()
        return replace(presence.seen(motion.after(ahead_s)), motion=motion, ahead_s=ahead_s)

    @staticmethod
    def _predictor_for(scene: Scene) -> Predictor:
        return Predictor(valid_score=scene.target.puppet.valid_score)

    def _measure_anew(self, scene: Scene, pose: Pose) -> None:
        """If the size of the camera's pictures has changed, discard what was measured in pixels."""
        if not pose.in_view or pose.image_size == self._size:
            return
        if self._size != (0, 0):
            scene.conditioner.reset()
            self._resized(pose.image_size)
        self._size = pose.image_size

    def _draw(self, scene: Scene, shown: PresencePose, frame_id: int, t_s: float) -> RenderJob:
        passed = 0.0 if self._last_t_s is None else max(0.0, t_s - self._last_t_s)
        self._last_t_s = t_s
        self._report.person_shown("card" if shown.placed is None else shown.state, passed)
        conditioning = None if shown.placed is None else scene.conditioner.draw(shown.placed, self._drawn_before)
        self._drawn_before = conditioning
        drawn = RenderInput(frame_id, t_s, conditioning, shown.epoch, scene.cut)
        return RenderJob(scene, drawn, shown.motion, shown.ahead_s)

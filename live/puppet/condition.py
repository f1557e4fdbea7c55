"""Conditioner: pose -> conditioning. The only place that wires up smoothing, normalization, retargeting and drawing."""

from dataclasses import dataclass, replace

import numpy as np

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.config import PuppetConfig
from live.puppet.drawing import pose_map
from live.puppet.drawing.atlas import Atlas
from live.puppet.drawing.doll import Doll
from live.puppet.geometry.body_stats import HEIGHT_PER_TORSO, BodyStats
from live.puppet.geometry.complete import Completer
from live.puppet.geometry.face_box import face_box
from live.puppet.geometry.first_guess import first_guess
from live.puppet.geometry.normalize import Normalizer
from live.puppet.geometry.retarget import Retargeter
from live.puppet.geometry.running_stats import RunningStats
from live.puppet.geometry.smooth import Smoother
from live.puppet.values import Conditioning, PlacedPose, Pose

FADE_S = 0.4  # new statistics move the figure, which glides to its new place over this time


@dataclass(frozen=True, slots=True)
class _Fit:
    """One set of performer statistics with the stages built on it."""

    stats: BodyStats
    normalizer: Normalizer
    retargeter: Retargeter

    def place(self, points: F32, scores: F32, t_s: float) -> tuple[F32, float]:
        """Points on the canvas, and the figure's size there relative to the target's usual size."""
        normalized, scale = self.normalizer.apply(points, scores, t_s)
        return self.retargeter.apply(normalized, scores, scale), self.normalizer.figure_factor


class Conditioner:
    """Turns the performer's poses into the generator's input, frame by frame, causally.

    `target`: the take's BodyStats in canvas pixels. `performer`: a calibrated BodyStats in pixels of the performer's
    picture; if None, the performer is measured while moving, until the statistics freeze. Training passes the take's
    own statistics; nothing else differs between training and live. Not thread-safe.
    """

    def __init__(
        self, config: PuppetConfig, *, target: BodyStats, atlas: Atlas, performer: BodyStats | None = None
    ) -> None:
        self.config = config
        self._target = target
        self._performer = performer
        self._doll = Doll(atlas, valid_score=config.valid_score)
        self._torso_px = target.torso if target.torso > 0 else target.size / HEIGHT_PER_TORSO
        self._smoother = Smoother(
            min_cutoff_hz=config.smooth_min_cutoff_hz,
            beta=config.smooth_beta,
            derivative_cutoff_hz=config.smooth_derivative_cutoff_hz,
            detail_min_cutoff_hz=config.detail_min_cutoff_hz,
            detail_beta=config.detail_beta,
            hold_s=config.hold_s,
            valid_score=config.valid_score,
        )
        self._completer = Completer(target, valid_score=config.valid_score)
        self._running = RunningStats(freeze_s=config.freeze_s)
        self._stepped: Conditioning | None = None
        self._fit: _Fit | None = None
        self._old: _Fit | None = None
        self._fade_from_s = 0.0
        self._clear_fit()

    def reset(self, *, keep_performer: bool = False) -> None:
        """Forget the person and start over. `keep_performer`: the same person is back, so their measures still hold."""
        self._smoother.reset()
        self._completer.reset()
        self._stepped = None
        if keep_performer and self._fit is not None:
            self._fit.normalizer.reset()
            self._old = None
        else:
            self._running.reset()
            self._clear_fit()

    def inherit(self, other: "Conditioner") -> None:
        """Take over what `other`, no longer used, has measured of the same performer; nothing if either is calibrated.

        For a performer who is now shown as another target and has not moved.
        """
        if self._performer is None and other._performer is None:
            self._running = other._running
            self._fit = None if other._fit is None else self._build(other._fit.stats)

    @property
    def performer(self) -> BodyStats | None:
        """The performer's measures in use: calibrated, measured so far, or None before anybody was seen."""
        return self._fit.stats if self._fit is not None else self._performer

    def step(self, pose: Pose) -> Conditioning:
        """`draw(place(pose))`, after the step before. The arrays are new and belong to the caller."""
        self._stepped = self.draw(self.place(pose), self._stepped)
        return self._stepped

    def place(self, pose: Pose) -> PlacedPose:
        """Smooth, normalize, retarget and complete one pose. Keeps state: pass every pose of a clip, in order of time.

        With nobody in view, all scores of the placed pose are 0 (after the short hold of lost joints).
        """
        t_s = pose.t_capture_s
        fit = self._fit_for(pose)
        if fit is None:
            return PlacedPose(
                pose.frame_id, t_s, np.zeros((137, 2), np.float32), np.zeros(137, np.float32), self._torso_px
            )
        points, scores = self._smoother.step(pose.points_px, pose.scores, t_s, fit.stats.size)
        placed, factor = fit.place(points, scores, t_s)
        if self._old is not None:
            share = (t_s - self._fade_from_s) / FADE_S
            if 0 <= share < 1:
                before, factor_before = self._old.place(points, scores, t_s)
                placed = (before + np.float32(share) * (placed - before)).astype(np.float32)
                factor = factor_before + share * (factor - factor_before)
            else:
                self._old = None
        size_px = self._torso_px * factor
        placed, scores = self._completer.apply(placed, scores, t_s, size_px)
        scores = self._known(scores)
        return PlacedPose(pose.frame_id, t_s, placed, scores, size_px)

    def draw(self, placed: PlacedPose, before: Conditioning | None = None) -> Conditioning:
        """The pictures of a placed pose. Keeps no state. The arrays are new and belong to the caller.

        `before`: of the frame before, by the same atlas. Its views of the body's parts are kept where they nearly fit,
        so that a part that hardly moves does not change its look.
        """
        width, height = self.config.canvas_px
        map_height, map_width = self.config.pose_map_shape
        channels = np.empty((map_height, map_width, pose_map.CHANNELS), np.uint8)
        pose_map.draw_pose_map(placed, self.config, channels)
        doll = np.empty((height, width, 4), np.uint8)
        views = self._doll.draw(placed, doll, kept=None if before is None else before.views)
        seen = np.where(placed.scores >= self.config.valid_score, placed.scores, np.float32(0))
        box = face_box(placed.points_px, seen, self.config.canvas_px)
        return Conditioning(placed.frame_id, placed.t_capture_s, channels, doll, box, placed, views)

    def _known(self, scores: F32) -> F32:
        """The scores, 0 for a face or fingers never seen on the target: no generator has learnt to draw them."""
        if self._target.has_face and self._target.hand > 0:
            return scores
        scores = scores.copy()
        if not self._target.has_face:
            scores[top.FACE] = 0
        if self._target.hand <= 0:
            scores[top.L_HAND] = scores[top.R_HAND] = 0
        return scores

    def _clear_fit(self) -> None:
        self._fit = None if self._performer is None else self._build(self._performer)
        self._old = None

    def _build(self, stats: BodyStats) -> _Fit:
        return _Fit(stats, Normalizer(stats, self._target), Retargeter(stats, self._target))

    def _fit_for(self, pose: Pose) -> _Fit | None:
        """The fit for this frame; without a calibration it follows the running statistics, fading between fits."""
        if self._performer is not None:
            return self._fit
        valid = np.where(pose.scores >= self.config.valid_score, pose.scores, np.float32(0))
        self._running.add(replace(pose, scores=valid))
        stats = self._running.current()
        if stats is None and self._fit is None:
            stats = first_guess(pose, self._target, valid_score=self.config.valid_score)
        if stats is not None and (self._fit is None or stats is not self._fit.stats):
            self._old, self._fade_from_s = self._fit, pose.t_capture_s
            self._fit = self._build(stats)
        return self._fit

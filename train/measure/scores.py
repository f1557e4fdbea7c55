"""Scores of one way to draw the target: running means over the held-out frames, against the real video."""

from dataclasses import dataclass, fields

import numpy as np
from torch import Tensor

from engines.arrays import F32, U8
from live.estimator.estimator import PoseEstimator
from live.puppet.values import Conditioning, Frame, PlacedPose, Pose
from train.measure import metrics
from train.measure.feature_distance import FeatureDistance
from train.measure.metrics import Box
from train.report import sheet

SAMPLE_EVERY = 5  # poses, features and optical flow are taken of every fifth frame
FACE_PX = 128  # side to which face boxes are scaled before their features are compared
CANVAS_PX = 512  # pose errors are given in pixels of a canvas of this height


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over the held-out frames of one take; NaN: not measured. Those marked (*) are from every fifth frame.

    `ssim_box`, `ssim_body`, `ssim_face`: in the box around the real figure, on its pixels, in the face box.
    `feature_box`, `feature_face` (*): feature distances (`train/measure/feature_distance.py`). `sharpness`,
    `sharpness_face`: detail on the figure, and on it in the face box, relative to the real picture. `matte_iou`.
    `body_error_px`, `face_error_px`, `hands_error_px` (*): joints found in the generated and in the real picture,
    pixels of a canvas 512 high; `body_missed`, ... (*): share found only in the real picture. `tof_px` (*): difference
    of the optical flows, in the body box; `tlp_features` (*): of the feature distances between one frame and the next
    (as TecoGAN's tOF and tLP, the latter with our features). `flicker_figure`: `metrics.jerk` in the body box, relative
    to the real picture's. `flicker_background`: change from frame to frame where there is nothing, grey levels.
    """

    ssim_box: float
    ssim_body: float
    ssim_face: float
    feature_box: float
    feature_face: float
    sharpness: float
    sharpness_face: float
    matte_iou: float
    body_error_px: float
    face_error_px: float
    hands_error_px: float
    body_missed: float
    face_missed: float
    hands_missed: float
    tof_px: float
    tlp_features: float
    flicker_figure: float
    flicker_background: float


@dataclass(frozen=True, slots=True)
class Motion:
    """A sampled frame and the one before, in the body box: (H, W, 2) optical flow, and features if there are any."""

    flow: F32
    features: list[Tensor] | None
    change: float
    face: list[Tensor] | None


@dataclass(frozen=True, slots=True)
class Truth:
    """One real frame, against which every way of drawing is measured. `pose`, `motion`: None for unsampled frames.
    `jerk`: None without two frames before it, or without a box.
    """

    index: int
    picture: U8
    matte: U8
    plate: U8
    box: Box | None
    face: Box | None
    pose: Pose | None
    motion: Motion | None
    jerk: float | None


class Eye:
    """Measures two consecutive pictures of one video in the same boxes."""

    def __init__(self, features: FeatureDistance | None) -> None:
        self._features = features

    def motion(self, before: U8, picture: U8, box: Box, face: Box | None) -> Motion:
        """Flow and features from `before` to `picture`, both (H, W, 3)."""
        flow = metrics.flow(before[box], picture[box])
        if self._features is None:
            return Motion(flow, None, float("nan"), None)
        now = self._features.look(picture[box])
        change = self._features.between(self._features.look(before[box]), now)
        seen = None if face is None else self._features.look(metrics.resized(picture[face], FACE_PX))
        return Motion(flow, now, change, seen)

    def between(self, a: list[Tensor] | None, b: list[Tensor] | None) -> float | None:
        """Their feature distance; None if one of them is missing."""
        return None if self._features is None or a is None or b is None else self._features.between(a, b)


class Witness:
    """Watches the real video frame by frame and gives the truth about each. `estimator` None: no poses."""

    def __init__(self, plate: U8, estimator: PoseEstimator | None, eye: Eye) -> None:
        self._plate, self._estimator, self._eye = plate, estimator, eye
        self._before: list[U8] = []  # the last two
        self._seen = 0

    def look(self, index: int, real: U8, conditioning: Conditioning) -> Truth:
        """`real`: (H, W, 4). The first sampled frame is the second one, which has a predecessor."""
        picture = sheet.composite_over(real, self._plate)
        matte = np.ascontiguousarray(real[..., 3])
        box = metrics.body_box(matte)
        face = None if conditioning.face_box is None else metrics.square(conditioning.face_box)
        pose = motion = None
        if self._seen % SAMPLE_EVERY == 1:
            if self._estimator is not None:
                pose = self._estimator.estimate(Frame(index, index / 30, picture))
            if box is not None and self._before:
                motion = self._eye.motion(self._before[-1], picture, box, face)
        jerk = _jerk(self._before, picture, box)
        self._before, self._seen = [*self._before[-1:], picture], self._seen + 1
        return Truth(index, picture, matte, self._plate, box, face, pose, motion, jerk)


class Scorer:
    """Running means of one way to draw the target. `estimator`: this scorer's own, or None for no poses."""

    def __init__(self, estimator: PoseEstimator | None, eye: Eye) -> None:
        self._estimator, self._eye = estimator, eye
        self._sums = {field.name: np.zeros(2) for field in fields(Scores)}
        self._before: list[U8] = []  # the last two
        self._matte: U8 | None = None  # of the real frame before

    def see(self, truth: Truth, frame: U8) -> None:
        """Count one frame (H, W, 4) against the real one."""
        picture = sheet.composite_over(frame, truth.plate)
        if truth.box is not None:
            self._see_figure(truth, truth.box, frame, picture)
        if truth.pose is not None and self._estimator is not None:
            pose = self._estimator.estimate(Frame(truth.index, truth.index / 30, picture))
            self.see_pose(pose, truth.pose, picture.shape[0])
        if truth.motion is not None and truth.box is not None and self._before:
            self._see_motion(truth.motion, self._eye.motion(self._before[-1], picture, truth.box, truth.face))
        mine = _jerk(self._before, picture, truth.box)
        if mine is not None and truth.jerk is not None:
            self._add("flicker_figure", mine, truth.jerk)
        self._see_background(picture, truth.matte)
        self._before, self._matte = [*self._before[-1:], picture], truth.matte

    def see_pose(self, pose: Pose, real: Pose | PlacedPose, height_px: int) -> None:
        """Count a pose found in a picture `height_px` high against the real one."""
        for part in metrics.PARTS:
            apart, joints = metrics.pose_distance(pose, real, part)
            self._add(f"{part}_error_px", apart * CANVAS_PX / height_px, joints)
            self._add(f"{part}_missed", *metrics.missed(pose, real, part))

    def scores(self) -> Scores:
        """The means so far; NaN for what was never counted."""
        means = {name: float(total / count) if count else float("nan") for name, (total, count) in self._sums.items()}
        return Scores(**means)

    def _see_figure(self, truth: Truth, box: Box, frame: U8, picture: U8) -> None:
        similar = metrics.ssim_map(picture[box], truth.picture[box])
        self._add("ssim_box", float(similar.mean()))
        self._add("ssim_body", float(similar[truth.matte[box] > 127].mean()))
        self._add("sharpness", metrics.detail(picture, truth.matte), metrics.detail(truth.picture, truth.matte))
        self._add("matte_iou", metrics.overlap(frame[..., 3], truth.matte))
        if truth.face is not None:
            mine, real, matte = (np.ascontiguousarray(a[truth.face]) for a in (picture, truth.picture, truth.matte))
            self._add("ssim_face", float(metrics.ssim_map(mine, real).mean()))
            self._add("sharpness_face", metrics.detail(mine, matte), metrics.detail(real, matte))

    def _see_motion(self, real: Motion, mine: Motion) -> None:
        self._add("tof_px", metrics.flow_distance(mine.flow, real.flow))
        if mine.features is not None:
            self._add("tlp_features", abs(mine.change - real.change))
        for name, a, b in (("box", mine.features, real.features), ("face", mine.face, real.face)):
            distance = self._eye.between(a, b)
            if distance is not None:
                self._add(f"feature_{name}", distance)

    def _see_background(self, picture: U8, matte: U8) -> None:
        if self._matte is not None:
            nothing = (self._matte == 0) & (matte == 0)
            if nothing.any():
                self._add("flicker_background", metrics.change_where(picture, self._before[-1], nothing))

    def _add(self, name: str, value: float, count: float = 1.0) -> None:
        self._sums[name] += (value, count)


def _jerk(before: list[U8], picture: U8, box: Box | None) -> float | None:
    return metrics.jerk(before[0][box], before[1][box], picture[box]) if box is not None and len(before) == 2 else None

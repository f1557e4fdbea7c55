"""`BodyTracker`: the body of one person from picture to picture: 33 points, and the region of the next picture."""

from dataclasses import dataclass

import numpy as np

from engines.arrays import F32, F64, U8
from live.estimator.compiled import compiled
from live.estimator.detector import Detector
from live.estimator.network import Network
from live.estimator.region import Region, of_body, whole
from live.puppet.geometry.smooth import low_pass_share

_POINTS, _OF_BODY, _AUXILIARY = 39, 33, slice(33, 35)
_LEAST_PRESENCE = 0.5
_WINDOW, _LEAST_HEAT = 7, 0.5  # RefineLandmarksFromHeatmapCalculator


@dataclass(frozen=True, slots=True)
class Body:
    """`points`: (33, 3) pixels x, y and depth in the same unit. `visibility`: (33,) 0..1."""

    points: F32
    visibility: F32


class BodyTracker:
    """Detects a person when nobody is tracked; then looks where the last picture had that person. Not thread-safe."""

    def __init__(self) -> None:
        self._detector = Detector("pose_detection", (8, 16, 32, 32, 32), 4)
        self._network = Network(compiled("pose_landmark_full", (0, 1, 3)))
        self.reset()

    def reset(self) -> None:
        """Forget the person."""
        self._region: Region | None = None
        self._steady = _OneEuro()

    def find(self, image: U8, t_s: float) -> Body | None:
        """The body in `image` (H, W, 3) uint8 RGB, taken at `t_s` seconds; None where nobody is."""
        region = self._region or self._detect(image)
        self._region = None
        if region is None or not region.usable:
            return None
        landmarks, presence, heat = self._network.run(image, region)
        if presence.reshape(-1)[0] < _LEAST_PRESENCE:
            self._steady = _OneEuro()
            return None
        table = landmarks.reshape(_POINTS, 5)
        places = refined(table[:, :2] / self._network.size, heat[0])
        points = region.to_picture(places)
        self._region = self._next(points[_AUXILIARY], t_s)
        depth = table[:_OF_BODY, 2:3] * (region.side_px / self._network.size)
        visibility = 1 / (1 + np.exp(-table[:_OF_BODY, 3].clip(-50, 50)))
        return Body(np.concatenate([points[:_OF_BODY], depth], axis=1), visibility)

    def _detect(self, image: U8) -> Region | None:
        found = self._detector.find(image, whole((image.shape[1], image.shape[0])))
        return of_body(found[0][0], found[0][1]) if found else None

    def _next(self, auxiliary: F32, t_s: float) -> Region:
        """Where to look in the next picture: steadied, or the crop's own jitter would add to the points'."""
        reach = 2 * float(np.hypot(*(auxiliary[1] - auxiliary[0])))
        steady = self._steady.step(auxiliary, t_s, reach)
        return of_body(steady[0], steady[1])


def refined(places: F32, heat: F32) -> F32:
    """Points moved to the middle of the heat around them, where it is hot enough.

    `places`: (N, 2) 0..1 of the crop. `heat`: (H, W, N) logits. Half of the joints' jitter goes by this.
    RefineLandmarksFromHeatmapCalculator.
    """
    height, width, count = heat.shape
    column, row = (places[:, 0] * width).astype(int), (places[:, 1] * height).astype(int)
    reach = np.arange(_WINDOW) - _WINDOW // 2
    rows, columns = row[:, None] + reach, column[:, None] + reach
    inside = ((rows >= 0) & (rows < height))[:, :, None] & ((columns >= 0) & (columns < width))[:, None, :]
    logits = heat[
        rows.clip(0, height - 1)[:, :, None], columns.clip(0, width - 1)[:, None, :], np.arange(count)[:, None, None]
    ]
    weight = inside / (1 + np.exp(-logits.clip(-50, 50)))
    total = weight.sum(axis=(1, 2))
    hot = (weight.max(axis=(1, 2)) >= _LEAST_HEAT) & (0 <= column) & (column < width) & (0 <= row) & (row < height)
    total = np.where(hot, total, 1)
    middle = np.stack(
        [
            (weight.sum(axis=1) * columns).sum(axis=1) / total / width,
            (weight.sum(axis=2) * rows).sum(axis=1) / total / height,
        ],
        axis=1,
    )
    return np.where(hot[:, None], middle, places).astype(np.float32)


class _OneEuro:
    """MediaPipe's filter of the two points that place the next region (LandmarksSmoothingCalculator, always on)."""

    _CUTOFF_HZ, _BETA, _SPEED_CUTOFF_HZ, _USUAL_S = 0.01, 10.0, 1.0, 1 / 30

    def __init__(self) -> None:
        self._raw: F64 | None = None
        self._place = self._speed = np.zeros((2, 2))
        self._t_s = 0.0

    def step(self, points: F32, t_s: float, scale: float) -> F32:
        """(2, 2) points, steadied. `scale`: the size in pixels that speed is measured in."""
        raw = np.asarray(points, np.float64)
        if self._raw is None:
            self._raw, self._place, self._t_s = raw, raw, t_s
            return points
        passed = t_s - self._t_s if t_s > self._t_s else self._USUAL_S
        speed = (raw - self._raw) / max(scale, 1.0) / passed
        self._speed = self._speed + low_pass_share(self._SPEED_CUTOFF_HZ, passed) * (speed - self._speed)
        cutoff = self._CUTOFF_HZ + self._BETA * np.abs(self._speed)
        self._place = self._place + low_pass_share(cutoff, passed) * (raw - self._place)
        self._raw, self._t_s = raw, t_s
        return self._place.astype(np.float32)

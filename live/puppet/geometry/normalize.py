"""Normalizer: global pose normalization, which maps the performer's place and size onto the target's.

After Chan et al., "Everybody Dance Now" (arXiv 1808.07371), section on global pose normalization, made causal. How near
the performer stands is one number `p`, 0 at the far line and 1 at the near line, which gives scale and floor. Each
frame is scaled about its own floor line, so a foot on the performer's line lands exactly on the target's line.
"""

from collections import deque

import numpy as np

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.geometry.body_stats import BodyStats, typical_scale

P_RANGE = (-0.1, 1.1)
SCALE_RANGE = (0.5, 2.0)  # of the typical scale
# The floor is this quantile of the lower ankle over the last second: a jump, up to 0.75 s in the air, never moves it,
# and walking away is followed 0.75 s later (towards the camera: 0.25 s).
WINDOW_S, FLOOR_QUANTILE = 1.0, 0.75
SIZE_QUANTILE = 0.85  # leaning only shortens
BLEND_S = 0.1  # time constant of p, which spreads a switch between ankles, torso and shoulders over 0.3 s
WINDOW_SAMPLES = 128
MIN_HEIGHT_CHANGE = 0.03  # between the lines; below it a size says nothing about depth


class _Window:
    """The samples of the last second, at most WINDOW_SAMPLES of them."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=WINDOW_SAMPLES)

    def add(self, t_s: float, value: float) -> None:
        self._samples.append((t_s, value))

    def quantile(self, t_s: float, share: float) -> float | None:
        """The quantile of the samples not older than the window, or None if there are none."""
        while self._samples and t_s - self._samples[0][0] > WINDOW_S:
            self._samples.popleft()
        if not self._samples:
            return None
        ordered = sorted(value for _, value in self._samples)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


class Normalizer:
    """Maps the performer's points onto the target's canvas by one scale and one shift per frame.

    The identity if performer and target are the same. If both have legs, `p` comes from the floor line; after a second
    without an ankle, from the size of the torso, then of the shoulders; with nothing seen it keeps its last value. If
    one of them is known only from the waist up, shoulder width maps to shoulder width and the median neck to the median
    neck, fixed. Not thread-safe.
    """

    def __init__(self, performer: BodyStats, target: BodyStats) -> None:
        self._performer, self._target = performer, target
        self._typical = typical_scale(performer, target)
        self._full = performer.has_legs and target.has_legs
        self._walks = self._full and performer.near_y > performer.far_y
        self._sizes_tell = performer.far_height < performer.near_height * (1 - MIN_HEIGHT_CHANGE)
        self.reset()

    def reset(self) -> None:
        """Forget the floor and start over."""
        self._floor, self._torso, self._shoulder = _Window(), _Window(), _Window()
        self._p = 0.5
        self._last_t_s: float | None = None

    def apply(self, points: F32, scores: F32, t_s: float) -> tuple[F32, float]:
        """One frame. `points`: (137, 2) float32 pixels of the performer's picture; `scores`: (137,), 0 if not valid.

        `t_s`: capture time in seconds. Returns new finite points in canvas pixels, and the scale used (canvas per
        picture pixel).
        """
        finite = np.isfinite(points)
        points, scores = np.where(finite, points, np.float32(0)), np.where(finite.all(axis=1), scores, np.float32(0))
        if self._walks:
            self._follow(points, scores, t_s)
        source, target = self._performer, self._target
        if not self._full:
            return _place(points, self._typical, (source.neck_x, source.neck_y), (target.neck_x, target.neck_y))
        (floor_from, height_from), (floor_to, height_to) = _standing_at(source, self._p), _standing_at(target, self._p)
        scale = min(max(height_to / height_from, SCALE_RANGE[0] * self._typical), SCALE_RANGE[1] * self._typical)
        return _place(points, scale, (source.hip_x, floor_from), (target.hip_x, floor_to))

    @property
    def figure_factor(self) -> float:
        """The size of the target's figure where it stands now, relative to midway between its two lines."""
        return _standing_at(self._target, self._p)[1] / self._target.size if self._full else 1.0

    def _follow(self, points: F32, scores: F32, t_s: float) -> None:
        """Update `p` from this frame."""
        dt_s = 0.0 if self._last_t_s is None else t_s - self._last_t_s
        if dt_s < 0:  # the clock went back (a clip starts over), so old samples mean nothing
            self.reset()
        ankles = [float(points[j, 1]) for j in (top.R_ANKLE, top.L_ANKLE) if scores[j] > 0]
        if ankles:
            self._floor.add(t_s, max(ankles))
        for window, a, b in ((self._torso, top.NECK, top.MID_HIP), (self._shoulder, top.R_SHOULDER, top.L_SHOULDER)):
            if scores[a] > 0 and scores[b] > 0:
                window.add(t_s, float(np.hypot(*(points[a] - points[b]))))
        wanted = self._measure(t_s)
        if wanted is None:
            return
        wanted = min(max(wanted, P_RANGE[0]), P_RANGE[1])
        first = self._last_t_s is None
        self._p += (wanted - self._p) * (1.0 if first else 1.0 - float(np.exp(-dt_s / BLEND_S)))
        self._last_t_s = t_s

    def _measure(self, t_s: float) -> float | None:
        """p from the best measure available, not clamped; None if nothing is seen."""
        source = self._performer
        floor = self._floor.quantile(t_s, FLOOR_QUANTILE)
        if floor is not None:
            return (floor - source.far_y) / (source.near_y - source.far_y)
        if not self._sizes_tell:
            return None
        for window, typical in ((self._torso, source.torso), (self._shoulder, source.shoulder)):
            length = window.quantile(t_s, SIZE_QUANTILE)
            if length is not None and typical > 0:
                height = source.size * length / typical
                return (height - source.far_height) / (source.near_height - source.far_height)
        return None


def _standing_at(stats: BodyStats, p: float) -> tuple[float, float]:
    """Floor line and standing height of a person at `p`, between the far (0) and the near line (1)."""
    height = stats.far_height + p * (stats.near_height - stats.far_height)
    return stats.far_y + p * (stats.near_y - stats.far_y), height


def _place(points: F32, scale: float, origin: tuple[float, float], landing: tuple[float, float]) -> tuple[F32, float]:
    placed = (points.astype(np.float64) - origin) * scale + landing
    return placed.astype(np.float32), scale

"""Smoother: the One Euro filter over all joints, by timestamp.

Casiez, Roussel, Vogel: "1 Euro Filter" (CHI 2012): a low-pass filter whose cutoff rises with speed, so that a joint at
rest is steady and a joint in motion is not late. Speed is measured in body sizes per second, so settings work at every
distance. The defaults were measured on MediaPipe poses of six people at 24 and 30 fps: at rest a third of the jitter
remains (body 0.32, face 0.41, hands 0.34 of it), and in motion (over a third of a body per second) the filter is 12 ms
late (face 19, hands 10). One setting for body, face and hands is enough. With the usual derivative cutoff of 1 Hz it is
5 ms later and no steadier.
"""

import numpy as np

from engines.arrays import F32, F64, Bool
from live.puppet import topology as top

# A joint last filtered longer ago than this starts over, as its old place says nothing.
FORGET_S = 0.5


class Smoother:
    """Steadies a stream of poses of one person. Each joint has its own state; there is no look-ahead.

    `min_cutoff_hz`: cutoff at rest (lower is steadier). `beta`: Hz added per body size per second (higher is less
    late). `derivative_cutoff_hz`: cutoff of the speed itself. `detail_*`: the same for face and hand points; None: as
    for the body. `hold_s`: how long a lost joint stays where it was. `valid_score`: below it a joint counts as not
    seen. A returning joint starts at its new place, so it never smears across the picture. Not thread-safe.
    """

    def __init__(
        self,
        *,
        min_cutoff_hz: float = 0.5,
        beta: float = 12.0,
        derivative_cutoff_hz: float = 3.0,
        detail_min_cutoff_hz: float | None = None,
        detail_beta: float | None = None,
        hold_s: float = 0.15,
        valid_score: float = 0.3,
    ) -> None:
        if not (min_cutoff_hz > 0 and derivative_cutoff_hz > 0 and beta >= 0 and hold_s >= 0):
            raise ValueError(
                f"got min_cutoff_hz {min_cutoff_hz}, derivative_cutoff_hz {derivative_cutoff_hz}, beta {beta}, hold_s "
                f"{hold_s}; wanted cutoffs above 0, the others not below 0"
            )
        self._cutoffs, self._betas = np.full(top.K, min_cutoff_hz), np.full(top.K, beta)
        self._cutoffs[top.BODY.stop :] = min_cutoff_hz if detail_min_cutoff_hz is None else detail_min_cutoff_hz
        self._betas[top.BODY.stop :] = beta if detail_beta is None else detail_beta
        self._settings = float(derivative_cutoff_hz), float(hold_s), float(valid_score)
        self.reset()

    def reset(self) -> None:
        """Forget the person and start over."""
        self._place = np.zeros((top.K, 2))
        self._speed = np.zeros((top.K, 2))
        self._score = np.zeros(top.K, np.float32)
        self._seen_s = np.full(top.K, -np.inf)
        self._tracked = np.zeros(top.K, np.bool_)

    def step(self, points: F32, scores: F32, t_s: float, body_size_px: float) -> tuple[F32, F32]:
        """Filter one frame. `points`: (137, 2) pixels; `scores`: (137,); `t_s`: capture time, seconds, any origin.

        `body_size_px`: the person's standing height in the same pixels (`BodyStats.size`). Returns new points
        (137, 2) and scores (137,), float32: a joint not seen (or NaN) scores 0 once its hold has run out, and keeps its
        last point ((0, 0) before any). The same time twice changes nothing; an earlier time (a clip that starts over)
        is a reset.
        """
        if self._seen_s.max() > t_s:
            self.reset()
        points, scores = np.asarray(points, np.float32), np.asarray(scores, np.float32)
        derivative_cutoff_hz, hold_s, valid_score = self._settings
        seen = (scores > 0) & (scores < np.inf) & (scores >= valid_score) & np.isfinite(points).all(1)
        dt_s = t_s - self._seen_s
        fresh = seen & (~self._tracked | (dt_s > FORGET_S))
        moved = seen & ~fresh & (dt_s > 0)
        self._place[fresh], self._speed[fresh] = points[fresh], 0.0
        self._filter(moved, points[moved], dt_s[moved, None], max(float(body_size_px), 1.0), derivative_cutoff_hz)
        held = ~seen & (dt_s <= hold_s)
        self._tracked = seen
        self._seen_s[seen], self._score[seen] = t_s, scores[seen]
        out_scores = np.where(seen, scores, np.where(held, self._score, np.float32(0)))
        return self._place.astype(np.float32), out_scores

    def _filter(self, moved: Bool, points: F32, dt_s: F64, size_px: float, derivative_cutoff_hz: float) -> None:
        """One step of the filter for the joints in `moved`, whose `points` (N, 2) came `dt_s` (N, 1) after the last."""
        place, speed = self._place[moved], self._speed[moved]
        speed += low_pass_share(derivative_cutoff_hz, dt_s) * ((points - place) / (dt_s * size_px) - speed)
        cutoffs_hz = self._cutoffs[moved] + self._betas[moved] * np.hypot(speed[:, 0], speed[:, 1])
        self._place[moved] = place + low_pass_share(cutoffs_hz[:, None], dt_s) * (points - place)
        self._speed[moved] = speed


def low_pass_share(cutoff_hz: float | F64, dt_s: float | F64) -> F64:
    """The share of a new value that a low-pass filter takes over (equation 3 of the paper)."""
    return np.asarray(1.0 / (1.0 + 1.0 / (2.0 * np.pi * cutoff_hz * dt_s)))

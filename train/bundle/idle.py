"""Finds the idle loop: the calmest few seconds of a take that end nearly where they began."""

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32
from live.puppet.topology import BODY
from train.dataset.take import Take
from train.errors import TrainError

SHORTEST_S, LONGEST_S = 4.0, 8.0
EVERY_S = 0.25  # how finely starts and lengths are tried
BLEND_S = 0.7  # over which the end glides into the beginning
SEAM_WEIGHT = 4.0  # a gap at the seam shows only once a loop, but as a jerk
SMOOTH_S = 0.3


def idle_loop(take: Take, fps: float) -> dict[str, NDArray[np.generic]]:
    """Arrays for idle.npz: points_px (N, 137, 2), scores (N, 137), size_px (N,), canvas pixels; fps; the take's name.

    Raises TrainError when the take has no stretch in which the body is seen throughout.
    """
    start, count = _calmest(take, fps)
    blend = min(round(BLEND_S * fps), count // 3, len(take) - start - count)
    points = _smooth(take.placed_px[start : start + count + blend], round(SMOOTH_S * fps))
    scores, size = take.scores[start : start + count].copy(), take.size_px[start : start + count + blend]
    share = (np.arange(blend, dtype=np.float32) + 1) / (blend + 1)  # of the beginning; the rest is what follows the end
    looped, sizes = points[:count].copy(), size[:count].copy()
    looped[:blend] = points[:blend] * share[:, None, None] + points[count : count + blend] * (1 - share[:, None, None])
    sizes[:blend] = size[:blend] * share + size[count : count + blend] * (1 - share)
    name = np.array(take.name)
    return {"points_px": looped, "scores": scores, "size_px": sizes, "fps": np.array(fps, np.float32), "take": name}


def _calmest(take: Take, fps: float) -> tuple[int, int]:
    """(first frame, number of frames) of the trusted stretch with the least motion and the best seam, in torsos."""
    size = float(np.median(take.size_px)) or 1.0
    points, seen = take.placed_px[:, BODY] / size, take.scores[:, BODY] > 0
    # Torso lengths per second.
    moved = np.where(seen[1:] & seen[:-1], np.linalg.norm(np.diff(points, axis=0), axis=2), 0).mean(axis=1) * fps
    motion = np.concatenate([[0.0], np.cumsum(moved)])
    shown = np.concatenate([[0.0], np.cumsum((take.weight > 0) & (seen.mean(axis=1) > 0.4))])
    step, best, found = max(round(EVERY_S * fps), 1), np.inf, None
    for count in range(round(SHORTEST_S * fps), round(LONGEST_S * fps) + 1, step):
        for start in range(0, len(take) - count, step):
            if shown[start + count] - shown[start] < 0.97 * count:
                continue
            both = seen[start] & seen[start + count]
            seam = (
                np.linalg.norm(points[start, both] - points[start + count, both], axis=1).mean()
                if both.any()
                else np.inf
            )
            cost = (motion[start + count] - motion[start]) / count + SEAM_WEIGHT * seam
            if cost < best:
                best, found = cost, (start, count)
    if found is None:
        raise TrainError(
            f"no idle loop in take {take.name}",
            wanted=f"{SHORTEST_S:.0f} seconds in which the body is in view throughout",
            do="film again, and stand still for ten seconds somewhere in it",
        )
    return found


def _smooth(points: F32, window: int) -> F32:
    """A running mean over time: at rest, what moves quickly is noise."""
    window = max(window // 2 * 2 + 1, 1)
    padded = np.pad(points, ((window // 2, window // 2), (0, 0), (0, 0)), mode="edge")
    sums = np.cumsum(np.concatenate([np.zeros_like(padded[:1], np.float64), padded], axis=0, dtype=np.float64), axis=0)
    return ((sums[window:] - sums[:-window]) / window).astype(np.float32)

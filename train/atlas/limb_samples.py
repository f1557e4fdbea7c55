"""Chooses the samples that vote on a part's looks: varied ones, and for a limb those in which it stands free."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F64, U8
from live.puppet import topology as T
from live.puppet.drawing.parts import BONE, HAND, Part
from train.atlas.sample import Sample, TakeFrames, fingers, rectify

GROUP = 40  # samples of one view that vote for its median
FREE_FROM, FEWEST = 120, 12  # samples of a limb's view, of which the freest quarter is taken
MIDDLE, SURE = 0.3, 0.85  # share of the half-width around the bone, and how much of it must be figure
LIMB_TORSOS = 0.4  # about how long a limb's bone is


def is_limb(part: Part) -> bool:
    return part.kind == BONE and part.name != "torso"


def beside(part: Part, extent: F64, alpha: U8) -> F64:
    """(N,) how much of the texture's rims, along the bone, is figure: `alpha` (N, rows, columns) uint8."""
    return _share(part, extent, alpha, lambda v: v > 1 - MIDDLE)


def _share(part: Part, extent: F64, alpha: U8, columns: Callable[[F64], NDArray[np.bool_]]) -> F64:
    rows, width = alpha.shape[1:]
    ends = extent[:2] / (extent[:2].sum() + LIMB_TORSOS)
    u = (np.arange(rows) + 0.5) / rows
    # A hand's texture starts at the wrist and reaches as far as a stretched finger would; the hand is its first half.
    along = u < 0.5 if part.name[2:] == "hand" else (u > ends[0]) & (u < 1 - ends[1])
    across = columns(np.abs((np.arange(width) + 0.5) / width * 2 - 1))
    return np.asarray((alpha[:, along][:, :, across] > 127).mean(axis=(1, 2)), np.float64)


def free_samples(
    part: Part, extent: F64, samples: list[Sample], shots: Sequence[TakeFrames], shape: tuple[int, int]
) -> list[Sample]:
    """For a limb: those of many varied samples in which it stands free, with ground beside it.

    Colour cannot tell a grey sleeve from the grey coat behind it; the ground beside a stretched arm can. A sample whose
    middle line is not on the figure has a wrong pose and is left out.
    """
    varied = varied_samples(part, samples, shots, FREE_FROM)
    small = (max(4, shape[0] // 6), max(4, shape[1] // 6))
    alpha = np.array([rectify(shots[s.shot].rgba[s.index], s.frame, small)[..., 3] for s in varied])
    around = (alpha > 127).mean(axis=(1, 2))
    good = np.flatnonzero(_share(part, extent, alpha, lambda v: v < MIDDLE) > SURE)
    if len(good) < FEWEST:
        return varied_samples(part, samples, shots, GROUP)
    return [varied[i] for i in good[np.argsort(around[good], kind="stable")][: max(FEWEST, len(good) // 4)]]


def still_samples(part: Part, samples: list[Sample], shots: Sequence[TakeFrames]) -> list[Sample]:
    """For a hand: the slower half, in order. When a hand is quick, its smoothed points lag behind, so that a view would
    be cut beside it, and the film is blurred. (Right hand of fortnite's doll, half, held out: 10.5 to 7.8.)
    """
    if part.kind != HAND or len(samples) < FEWEST:
        return samples
    hand = fingers(part)
    speeds = np.empty(len(samples))
    for i, sample in enumerate(samples):
        points = shots[sample.shot].points_px
        before, after = points[max(sample.index - 1, 0), hand], points[min(sample.index + 1, len(points) - 1), hand]
        speeds[i] = np.linalg.norm(after - before, axis=1).mean() / sample.size_px
    return [sample for sample, speed in zip(samples, speeds, strict=True) if speed <= np.median(speeds)]


def varied_samples(part: Part, samples: list[Sample], shots: Sequence[TakeFrames], count: int) -> list[Sample]:
    """For a limb: `count` samples spread evenly over the directions in which it points (for the torso: the arms), plus
    half as many nearest to the view. For head and hands: the `count` nearest.

    What moves along with a limb is the limb; what is beside it changes with its direction. If the arms hung in all
    samples, the hip beside them would pass for arm, and their sleeves for torso.
    """
    if part.kind != BONE:
        return samples[:count]
    arms = ((T.R_SHOULDER, T.R_ELBOW), (T.L_SHOULDER, T.L_ELBOW))
    angles = sum(_directions(samples, shots, a, b) for a, b in (arms if part.name == "torso" else ((part.a, part.b),)))
    order = np.argsort(angles, kind="stable")
    wanted = np.linspace(np.min(angles), np.max(angles), count)
    spread = order[np.unique(np.abs(np.asarray(angles)[order][None] - wanted[:, None]).argmin(axis=1))]
    return [samples[i] for i in np.union1d(spread, np.arange(min(count // 2, len(samples))))]


def _directions(samples: list[Sample], shots: Sequence[TakeFrames], a: int, b: int) -> F64:
    """(N,) angle of the bone from joint a to b, 0 when hanging; measured to the other side for the right arm."""
    bones = np.array([shots[s.shot].points_px[s.index, b] - shots[s.shot].points_px[s.index, a] for s in samples])
    outward = -1.0 if a == T.R_SHOULDER else 1.0  # so that two raised arms add up instead of cancelling out
    return np.arctan2(outward * bones[:, 0], bones[:, 1])

"""How well the doll, drawn from a frame's pose, covers the real figure: frames that disagree would teach smears."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engines.arrays import F32, U8
from live.puppet.drawing.atlas import Atlas
from live.puppet.drawing.doll import Doll
from train.atlas.sample import TakeFrames

# A frame may agree this much less than its take's median before it counts less, and this much less again before it is
# left out. Found by hand on fortnite: wrong arms lie below, and a raised arm or a turn above.
FREE, FADE = 0.12, 0.08
FIGURES = 60  # frames of a take on which its fit is measured


@dataclass(frozen=True, slots=True)
class Fit:
    """Doll against real figure, means over a take. `matte`: L1 of the mattes / the figure's area; `colour`: L1 of the
    colours inside them, grey levels per pixel of the figure."""

    matte: float
    colour: float


def agreement(
    shot: TakeFrames, atlas: Atlas, *, valid_score: float, progress: Callable[[], object] = lambda: None
) -> F32:
    """(N,) intersection over union of the doll and the real figure, at half resolution; 0 if neither shows one.

    `progress` is called once per frame.
    """
    found = np.zeros(len(shot.rgba), np.float32)
    for i, doll in enumerate(_dolls(shot, atlas, range(len(shot.rgba)), valid_score)):
        ours, real = doll[::2, ::2, 3] > 127, shot.rgba[i, ::2, ::2, 3] > 127
        found[i] = (ours & real).sum() / max(int((ours | real).sum()), 1)
        progress()
    return found


def weight_of(agreements: F32, weight: F32) -> F32:
    """(N,) factor 0..1 for a take's weights; the median is that of the frames with weight above 0."""
    trusted = agreements[weight > 0]
    if not len(trusted):
        return np.ones_like(agreements)
    worst = float(np.median(trusted)) - FREE
    return np.clip((agreements - worst) / FADE, 0, 1).astype(np.float32)


def measure_fit(shot: TakeFrames, atlas: Atlas, *, valid_score: float) -> Fit:
    """Measured on FIGURES trusted frames, spread over the take."""
    trusted = np.flatnonzero(shot.weight >= 0.5)
    if not len(trusted):
        return Fit(float("nan"), float("nan"))
    picked = trusted[np.unique(np.linspace(0, len(trusted) - 1, FIGURES).astype(int))]
    mattes, colours = [], []
    for i, doll in zip(picked, _dolls(shot, atlas, picked.tolist(), valid_score), strict=True):
        ours, real = doll.astype(np.float32), np.asarray(shot.rgba[i], np.float32)
        a, b = ours[..., 3:] / 255, real[..., 3:] / 255
        area = max(float(b.sum()), 1.0)
        mattes.append(float(np.abs(a - b).sum()) / area)
        colours.append(float(np.abs(ours[..., :3] * a - real[..., :3] * b).mean(axis=2).sum()) / area)
    return Fit(float(np.mean(mattes)), float(np.mean(colours)))


def _dolls(shot: TakeFrames, atlas: Atlas, frames: list[int] | range, valid_score: float) -> Iterator[U8]:
    """The doll of each frame; one buffer, overwritten by the next."""
    doll, out = Doll(atlas, valid_score=valid_score), np.empty(shot.rgba.shape[1:], np.uint8)
    for i in frames:
        doll.draw(shot.pose(i), out)
        yield out

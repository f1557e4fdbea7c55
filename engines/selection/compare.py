"""The gate: an engine is used only after its pictures were compared with the reference's, frame by frame, each engine
feeding back its own.
"""

import itertools
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engines.arrays import U8
from engines.backend import Feeds
from engines.engine import Engine
from engines.errors import EngineError

F32Array = npt.NDArray[np.float32]

# Limits, in levels of 0..255. 35 dB is a root mean square of 4.5 levels. A frame that is 2 levels off on average can be
# told from the right one beside it, but not alone. An error that feeds on itself grows; noise does not.
LEAST_PSNR_DB = 35.0
LARGEST_MEAN = 2.0
LARGEST_GROWTH = 1.5
_STILL = 0.05  # levels; smaller differences may grow by chance
_SINGLE_EVERY = 10  # how often, in frames, a single step from the reference's own state is compared
_WARM_UP = 2


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the comparison showed over `frames` frames. Differences are in levels of 0..255 of what is seen: alpha, and
    colours times alpha (a network's colours where nothing shows are not seen, nor used when they are fed back).

    psnr_db: of the closed loop, over all pixels; figure_db: over those where either picture shows something.
    single_mean, loop_mean: the largest mean absolute difference of a frame, in a single step from the reference's
    state and in the closed loop. growth: how many times larger than a single step's the loop's differences are in its
    second half, relative to the first. median_ms: per frame; reference_ms: the reference's, run in turns with it.
    """

    frames: int
    single_mean: float
    loop_mean: float
    psnr_db: float
    figure_db: float
    growth: float
    median_ms: float
    reference_ms: float

    @property
    def refusal(self) -> str:
        """Why it may not be used, with the figures; "" if it may."""
        reasons = []
        if not self.figure_db >= LEAST_PSNR_DB:  # stricter than psnr_db: around the figure nothing differs
            reasons.append(
                f"{self.figure_db:.1f} dB against the reference in the figure, wanted: at least {LEAST_PSNR_DB:.0f}"
            )
        worst = max(self.single_mean, self.loop_mean)
        if not worst <= LARGEST_MEAN:
            reasons.append(f"a frame is {worst:.2f} levels off on average, wanted: at most {LARGEST_MEAN:.1f}")
        if not self.growth <= LARGEST_GROWTH:
            reasons.append(f"its error grows {self.growth:.1f} times from the first half of the loop to the second")
        return "; ".join(reasons)

    def __str__(self) -> str:
        return (
            f"{_decibels(self.psnr_db)} over {self.frames} frames ({_decibels(self.figure_db)} in the figure), at most "
            f"{self.loop_mean:.2f} levels a frame, growth {self.growth:.2f}, {self.median_ms:.1f} ms a frame "
            f"(reference {self.reference_ms:.1f})"
        )


def compare(candidate: Engine, reference: Engine, feeds: Feeds, *, frames: int | None = None) -> Verdict:
    """Resets both and runs them over the first `frames` of `feeds` (None: all). Raises EngineError.

    The candidate must not be in use: its state is overwritten.
    """
    if candidate.spec != reference.spec:
        raise EngineError("the engines run different networks", got=str(candidate.spec), wanted=str(reference.spec))
    candidate.reset()
    reference.reset()
    measured = _Measured()
    for place, feed in enumerate(itertools.islice(feeds, frames)):
        looked_at = place % _SINGLE_EVERY == 0
        if looked_at:
            measured.single.append(_single_step(candidate, reference, feed))
        start_s = time.perf_counter()
        wanted = reference.run(feed)
        middle_s = time.perf_counter()
        got = candidate.run(feed)
        measured.reference_s.append(middle_s - start_s)
        measured.candidate_s.append(time.perf_counter() - middle_s)
        measured.add(got, wanted, looked_at)
    return measured.verdict()


def _single_step(candidate: Engine, reference: Engine, feed: Mapping[str, U8]) -> float:
    """The mean difference of one step from the reference's state. Both states are restored afterwards."""
    own, other = candidate.state(), reference.state()
    candidate.load_state(other)
    wanted, got = reference.run(feed), candidate.run(feed)
    mean = _mean_difference(got, wanted)
    candidate.load_state(own)
    reference.load_state(other)
    return mean


class _Measured:
    """The sums that a verdict is made of."""

    def __init__(self) -> None:
        self.single: list[float] = []
        self.candidate_s: list[float] = []
        self.reference_s: list[float] = []
        self._means: list[float] = []
        self._looped: list[float] = []  # the means of the frames in `single`
        self._squares = self._count = self._figure_squares = self._figure_count = 0.0

    def add(self, got: Mapping[str, U8], wanted: Mapping[str, U8], looked_at: bool) -> None:
        for name, picture in wanted.items():
            squares = np.square(_seen(got[name]) - _seen(picture))
            self._squares += float(squares.sum())
            self._count += picture.size
            shown = _shown(got[name]) | _shown(picture)
            self._figure_squares += float(squares[shown].sum())
            self._figure_count += float(np.count_nonzero(shown)) * picture.shape[-1]
        self._means.append(_mean_difference(got, wanted))
        if looked_at:
            self._looped.append(self._means[-1])

    def verdict(self) -> Verdict:
        if not self._means:
            raise EngineError("there is nothing to compare engines with", got="0 frames", wanted="at least one")
        half = (len(self.single) + 1) // 2
        return Verdict(
            frames=len(self._means),
            single_mean=max(self.single),
            loop_mean=max(self._means),
            psnr_db=_psnr_db(self._squares, self._count),
            figure_db=_psnr_db(self._figure_squares, self._figure_count),
            growth=self._loop_to_single(half, None) / self._loop_to_single(0, half),
            median_ms=_median_ms(self.candidate_s),
            reference_ms=_median_ms(self.reference_s),
        )

    def _loop_to_single(self, first: int, last: int | None) -> float:
        """The ratio of the loop's differences to single steps', over the frames first..last of those looked at."""
        looped, single = self._looped[first:last], self.single[first:last]
        still = _STILL * (len(single) or 1)
        return (sum(looped) + still) / (sum(single) + still)


def _mean_difference(got: Mapping[str, U8], wanted: Mapping[str, U8]) -> float:
    """The mean absolute difference of what is seen, over all values of all outputs."""
    total = sum(float(np.abs(_seen(got[name]) - _seen(picture)).sum()) for name, picture in wanted.items())
    return total / sum(picture.size for picture in wanted.values())


def _seen(picture: U8) -> F32Array:
    """A picture's levels of 0..255. If it is (..., 4) with straight alpha: colours times alpha, and alpha."""
    levels = picture.astype(np.float32)
    if picture.shape[-1] == 4:
        levels[..., :3] *= levels[..., 3:] / 255
    return levels


def _shown(picture: U8) -> npt.NDArray[np.bool_]:
    """Where a picture (..., C) shows something: everywhere if it has no alpha."""
    return picture[..., 3] > 0 if picture.shape[-1] == 4 else np.ones(picture.shape[:-1], np.bool_)


def _psnr_db(squares: float, count: float) -> float:
    return 10 * math.log10(255**2 * count / squares) if squares else math.inf


def _median_ms(times_s: list[float]) -> float:
    return float(np.median(times_s[_WARM_UP:] or times_s)) * 1000.0


def _decibels(value: float) -> str:
    return "identical" if math.isinf(value) else f"{value:.1f} dB"

"""Drift: what happens to the picture when a network sees its own frames for a long time, and after a fault."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from engines.arrays import U8
from live.puppet.values import Conditioning
from train.measure import metrics
from train.measure.feature_distance import FeatureDistance
from train.networks.player import Player
from train.report import sheet

HELD_FRAMES = 300  # of one held pose
SETTLED = 10  # the frame with which later ones are compared
ROUND = 100  # poses of the looping motion; the marks below are multiples of it
MARKS = (300, 1000, 3000, 10_000)
AVERAGED = 10  # frames before each mark over which the comparison is averaged
GROWTH_LEVELS = 0.5  # of 255: a mean difference that rises by more than this from first mark to last counts as growth
RUN_UP, WATCHED = 20, 30  # frames before a fault, and after it
FAULT_FRAMES = 3 * (RUN_UP + WATCHED)  # in total: without a fault, with noise, with nothing
RECOVERED_LEVELS = 1.0  # mean difference, in the figure's box, from the run without the fault


@dataclass(frozen=True, slots=True)
class HeldDrift:
    """A held pose, frame 300 against frame 10. `colour`: the mean colour of the figure, largest channel, of 255.

    `feature`: feature distance in the body box, NaN without weights. `flicker`: mean change from frame to frame over
    the second half, grey levels. `garbage_frames`, `reset_frames`: frames until the picture has recovered from noise,
    or nothing, in place of the previous frame; None: not within WATCHED frames.
    """

    colour: float
    feature: float
    flicker: float
    garbage_frames: int | None
    reset_frames: int | None


@dataclass(frozen=True, slots=True)
class DriftMark:
    """At frame `frame` of a looping motion, against the same poses in the first round; as in `HeldDrift`.

    `difference`: mean difference of the pictures in the body box, of 255.
    """

    frame: int
    colour: float
    difference: float
    feature: float


def held_drift(
    player: Player,
    pose: Conditioning,
    plate: U8,
    features: FeatureDistance | None,
    *,
    frames: int = HELD_FRAMES,
    progress: Callable[[], object] = lambda: None,
) -> HeldDrift:
    """Hold one pose for `frames` frames, then see what a fault does to it. `progress` is called after each frame, and
    once after each of FAULT_FRAMES more.
    """
    player.reset()
    settled = last = None
    changes = []
    for number in range(1, frames + 1):
        picture = sheet.composite_over(player.step(pose), plate)
        if number == SETTLED:
            settled = picture
        if last is not None and number > frames // 2:
            changes.append(metrics.change(picture, last))
        last = picture
        progress()
    assert settled is not None and last is not None
    compared = _Compared(pose, features)
    noise = np.random.default_rng(0).integers(0, 256, pose.doll.shape, dtype=np.uint8)
    motion, faults = [pose] * (RUN_UP + WATCHED), [noise, np.zeros_like(noise)]
    garbage, reset = recoveries(player, motion, plate, faults=faults, progress=progress)
    return HeldDrift(
        compared.colour(last, settled), compared.feature(last, settled), float(np.mean(changes)), garbage, reset
    )


def recoveries(
    player: Player,
    motion: list[Conditioning],
    plate: U8,
    *,
    faults: list[U8],
    progress: Callable[[], object] = lambda: None,
) -> list[int | None]:
    """For each fault, (H, W, 4), put in place of the previous frame at frame RUN_UP of `motion`: how many frames pass
    until the picture has recovered for good; None: it was still off at the end.
    """
    boxes = [metrics.body_box(pose.doll[..., 3]) or (slice(None), slice(None)) for pose in motion]
    pictures = _pictures(player, motion, plate, None, progress)
    clean = [picture[box] for picture, box in zip(pictures, boxes, strict=True)]
    found: list[int | None] = []
    for fault in faults:
        broken = _pictures(player, motion, plate, fault, progress)
        apart = [metrics.change(wrong[box], right) for wrong, right, box in zip(broken, clean, boxes, strict=True)]
        off = [number for number, levels in enumerate(apart) if levels > RECOVERED_LEVELS]
        last = off[-1] if off else RUN_UP - 1
        found.append(None if last == len(motion) - 1 else last - RUN_UP + 1)
    return found


def long_drift(
    player: Player,
    motion: list[Conditioning],
    plate: U8,
    features: FeatureDistance | None,
    *,
    marks: tuple[int, ...] = MARKS,
    progress: Callable[[], object] = lambda: None,
) -> list[DriftMark]:
    """Play `motion` (its length divides every mark) over and over; compares each mark's frames with round 1."""
    player.reset()
    first: list[U8] = []
    found, gathered = [], []
    for number in range(1, marks[-1] + 1):
        at = (number - 1) % len(motion)
        kept = at >= len(motion) - AVERAGED
        frame = player.step(motion[at])
        if kept and number <= len(motion):
            first.append(sheet.composite_over(frame, plate))
        elif kept and any(0 <= mark - number < AVERAGED for mark in marks):
            compared, was = _Compared(motion[at], features), first[at - len(motion)]
            picture = sheet.composite_over(frame, plate)
            gathered.append(
                (compared.colour(picture, was), compared.difference(picture, was), compared.feature(picture, was))
            )
        if number in marks:
            found.append(DriftMark(number, *np.mean(gathered, axis=0).tolist()))
            gathered = []
        progress()
    return found


def grows(marks: list[DriftMark]) -> bool:
    """Whether the pictures move away from the first round between the first mark and the last."""
    rise = max(marks[-1].difference - marks[0].difference, marks[-1].colour - marks[0].colour)
    return rise > GROWTH_LEVELS


class _Compared:
    """Compares two pictures of one pose; the figure is where the doll is."""

    def __init__(self, pose: Conditioning, features: FeatureDistance | None) -> None:
        alpha = np.ascontiguousarray(pose.doll[..., 3])
        self._inside, self._features = alpha > 127, features
        self._box = metrics.body_box(alpha) or (slice(None), slice(None))

    def colour(self, a: U8, b: U8) -> float:
        if not self._inside.any():
            return float("nan")
        return float(np.abs(a[self._inside].mean(axis=0) - b[self._inside].mean(axis=0)).max())

    def difference(self, a: U8, b: U8) -> float:
        return metrics.change(a[self._box], b[self._box])

    def feature(self, a: U8, b: U8) -> float:
        if self._features is None:
            return float("nan")
        return self._features.between(self._features.look(a[self._box]), self._features.look(b[self._box]))


def _pictures(
    player: Player, motion: list[Conditioning], plate: U8, fault: U8 | None, progress: Callable[[], object]
) -> Iterator[U8]:
    player.reset()
    for number, pose in enumerate(motion):
        if fault is not None and number == RUN_UP:
            player.disturb(fault)
        yield sheet.composite_over(player.step(pose), plate)
        progress()

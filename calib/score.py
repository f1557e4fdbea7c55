"""`Score`: how closely the performer's held figures land on the target's, before and after the calibration."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calib.sight import look
from live.performer.placement import Held, PlacementOffset, landing
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.geometry.first_guess import first_guess
from live.puppet.geometry.running_stats import RunningStats
from live.puppet.values import Pose
from live.scene.target import Target


@dataclass(frozen=True, slots=True)
class Score:
    """In canvas pixels. `before_px`: with the measures that the loop takes by itself; None: it would have had none.

    near, far: the figure on the performer's nearest and farthest floor; from the waist up, both are the same.
    """

    before_px: float | None
    after_px: float
    near: PlacementOffset
    far: PlacementOffset

    def to_json(self) -> dict[str, float]:
        """Plain numbers by name, without those that are not known."""
        found = {"before_px": self.before_px, "after_px": self.after_px}
        for where, one in (("near", self.near), ("far", self.far)):
            found |= {f"{where}_feet_px": one.feet_px, f"{where}_head_px": one.head_px}
        found["shoulders_px"] = self.near.shoulders_px
        return {name: round(value, 2) for name, value in found.items() if value is not None}

    def sentence(self) -> str:
        """The score as a sentence for people."""
        after = f"Your figure lands {self.after_px:.0f} px from the character's"
        return f"{after}." if self.before_px is None else f"{after}; uncalibrated it was {self.before_px:.0f} px."


def held_figures(performer: BodyStats, target: BodyStats, holds: Sequence[Sequence[Pose]]) -> list[Held]:
    """The holds as figures to score, the nearest first; if either side has no legs, from the waist up."""
    if not (performer.has_legs and target.has_legs):
        return [Held(tuple(poses), None) for poses in holds[:1]]
    depth = performer.near_y - performer.far_y
    figures = []
    for poses in holds:
        floor = float(np.median([look(pose).floor_y for pose in poses]))
        p = float(np.clip((floor - performer.far_y) / depth, 0, 1)) if depth > 0 else 0.5
        figures.append(Held(tuple(poses), p))
    return sorted(figures, key=lambda held: -(held.p or 0.0))


def online_measures(target: Target, poses: Sequence[Pose]) -> BodyStats | None:
    """What the loop would have measured by itself from these poses; None if nobody was seen."""
    running = RunningStats(freeze_s=target.puppet.freeze_s)
    for pose in poses:
        running.add(pose)
        if running.frozen:
            break
    if (stats := running.current()) is not None:
        return stats
    guesses = (first_guess(pose, target.stats, valid_score=target.puppet.valid_score) for pose in poses)
    return next((guess for guess in guesses if guess is not None), None)


def score(measured: BodyStats, target: Target, figures: list[Held], seen: Sequence[Pose]) -> Score:
    """The score of these measures. `seen`: all poses from the start, in order of time."""
    online = online_measures(target, seen)
    landings = [landing(measured, target.stats, held) for held in figures]
    before = None if online is None else [landing(online, target.stats, held).off_px for held in figures]
    return Score(
        before_px=None if before is None else float(np.mean(before)),
        after_px=float(np.mean([one.off_px for one in landings])),
        near=landings[0],
        far=landings[-1],
    )

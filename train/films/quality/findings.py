"""What `prepare` threw away and why, in words and numbers: for the terminal and for dataset.json."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engines.arrays import F32, Bool

ENOUGH = 3000  # usable frames; the paper's authors filmed far more


@dataclass(frozen=True, slots=True)
class Findings:
    """One take. `thrown_away`: reason -> frames of weight 0, each counted once; `weighed_down`: reason -> frames that
    count less, maybe for several reasons; `usable`: frames of weight above 0; `warnings`: sentences with what to do."""

    frames: int
    usable: int
    thrown_away: Mapping[str, int]
    weighed_down: Mapping[str, int]
    warnings: tuple[str, ...]

    def lines(self, name: str) -> list[str]:
        """For the terminal."""
        shown = [f"  {name}: {self.usable} of {self.frames} frames can be learned from"]
        for words, counts in (("thrown away", self.thrown_away), ("counting less", self.weighed_down)):
            if counts:
                shown.append(f"    {words}: " + ", ".join(f"{count} {reason}" for reason, count in counts.items()))
        return shown + [f"    warning: {text}" for text in self.warnings]

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "frames": self.frames,
            "usable": self.usable,
            "thrown_away": dict(self.thrown_away),
            "weighed_down": dict(self.weighed_down),
            "warnings": list(self.warnings),
        }


def tally(weight: F32, faults: Mapping[str, Bool], warnings: list[str]) -> Findings:
    """Count the faults of a take. `weight`: (N,) the final weights; `faults`: reason -> (N,) bool, the gravest first: a
    frame of weight 0 is counted for its first reason.
    """
    gone, thrown, down = weight <= 0, {}, {}
    left = gone.copy()
    for reason, there in faults.items():
        if count := int((left & there).sum()):
            thrown[reason] = count
        left &= ~there
        if count := int((there & ~gone).sum()):
            down[reason] = count
    return Findings(len(weight), int((~gone).sum()), thrown, down, tuple(warnings))


def too_few(usable: int) -> list[str]:
    """The warning for a data set with `usable` usable frames, or nothing."""
    if usable >= ENOUGH:
        return []
    return [
        f"only {usable} usable frames: film {(ENOUGH - usable) / 30 / 60 + 0.5:.0f} minutes more (3,000 frames are "
        "about 2 minutes at 30 a second), or expect blurred hands and smeared limbs in poses that were never filmed"
    ]

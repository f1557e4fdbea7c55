"""What the curves of a run say, in words: is the discriminator any use, and is training still worth its time?"""

from dataclasses import dataclass

import numpy as np

from engines.arrays import F64
from train.report.curves import Table

LONG = 1000  # steps over which something must hold before it is reported
# Share of patches judged right, 0 before the discriminators join. 0.5 is guessing. (Chosen by us: in the first run on
# fortnite it rose from 0.5 to 0.65.)
GUESSING, WINNING = (0.47, 0.53), 0.95
STILL = 0.99  # picture losses of the last 2 LONG steps over those of the 2 LONG before; above this they do not fall
WORSE = 1.05  # cross-validation loss over its best
PICTURE = ("composite", "matte", "foreground")  # the losses whose scale does not change during a run


@dataclass(frozen=True, slots=True)
class CurveRemark:
    """One thing to tell the user. Remarks that say the same at different times have the same `about`."""

    about: str
    words: str


def findings(training: Table, held_out: Table) -> list[CurveRemark]:
    """What holds at the end of the curves; empty while they are short. Pure.

    `training`: columns of `train.training.step.StepReport`; `held_out`: of `train.training.held_out.Validation`.
    """
    found = [_discriminator(training), _standing_still(training), _overfitting(training, held_out)]
    return [finding for finding in found if finding is not None]


def _discriminator(training: Table) -> CurveRemark | None:
    right = _last(training, training.column("scores_right"), LONG)
    if right is None:
        return None
    mean, (low, high) = float(right.mean()), np.percentile(right, (10, 90))
    if GUESSING[0] <= low and high <= GUESSING[1]:
        return CurveRemark(
            "guessing",
            f"For {LONG:,} steps the discriminator has been guessing ({mean:.0%} right): it teaches nothing. "
            "If the pictures are sharp, all is well; if they are soft, start a new run with a later --gan-start.",
        )
    if low >= WINNING:
        return CurveRemark(
            "winning",
            f"For {LONG:,} steps the discriminator has won outright ({mean:.0%} right): there is little to learn "
            "from it. Film more, or start a new run with a later --gan-start.",
        )
    return None


def _standing_still(training: Table) -> CurveRemark | None:
    now, before = _last_two(training, 2 * LONG)
    if now is None or before is None or now < STILL * before:
        return None
    return CurveRemark(
        "standing still",
        f"The picture losses have not fallen for {2 * LONG:,} steps: the run has learned what it can from these "
        "videos. More footage, or a larger --preset, would help more than more time.",
    )


def _overfitting(training: Table, held_out: Table) -> CurveRemark | None:
    loss = held_out.column("loss")
    if len(loss) < 4:
        return None
    at = int(np.argmin(loss))
    best_step = held_out.steps[at]
    since = training.steps > best_step
    if held_out.steps[-1] - best_step < LONG or not (loss[-3:] > WORSE * loss[at]).all() or since.sum() < 2:
        return None
    picture = _picture_losses(training)[since]
    half = len(picture) // 2
    if picture[half:].mean() >= picture[:half].mean():
        return None
    return CurveRemark(
        "overfitting",
        f"Held-out pictures have become {loss[-1] / loss[at] - 1:.0%} worse since step {best_step:,.0f}, while the "
        "trained ones get better: the network is learning these frames by heart. Film more; best.pt keeps step "
        f"{best_step:,.0f} (--best).",
    )


def _picture_losses(training: Table) -> F64:
    """(N,) the sum of the picture losses of each row."""
    return np.sum([training.column(name) for name in PICTURE], axis=0)


def _last(table: Table, values: F64, steps: float) -> F64 | None:
    """The values of the last `steps` steps; None when the table is shorter than that."""
    if not len(values) or table.steps[-1] < steps:
        return None
    return values[table.steps > table.steps[-1] - steps]


def _last_two(training: Table, steps: float) -> tuple[float | None, float | None]:
    """Mean picture loss of the last `steps` steps, and of as many before them."""
    if not len(training.rows) or training.steps[-1] < 2 * steps:
        return None, None
    values, end = _picture_losses(training), training.steps[-1]
    now, before = training.steps > end - steps, training.steps <= end - steps
    return float(values[now].mean()), float(values[before & (training.steps > end - 2 * steps)].mean())

import numpy as np
import pytest

from train.report.convergence import LONG, findings
from train.report.curves import Table

STEPS = np.arange(20.0, 6001, 20)  # of the training curve
HELD = np.arange(250.0, 6001, 250)
NOISE = np.random.default_rng(0).normal(0, 1, len(STEPS))


def training(*, right: np.ndarray | float = 0.7, picture: np.ndarray | None = None, rows: int = len(STEPS)) -> Table:
    picture = np.exp(-STEPS / 2000) if picture is None else picture
    columns = [STEPS, STEPS / 2, picture, picture, picture, np.broadcast_to(right, STEPS.shape)]
    names = ("step", "elapsed_s", "composite", "matte", "foreground", "scores_right")
    return Table(names, np.stack(columns, 1)[:rows])


def held_out(loss: np.ndarray | None = None) -> Table:
    loss = np.exp(-HELD / 2000) if loss is None else loss
    return Table(("step", "elapsed_s", "loss"), np.stack([HELD, HELD / 2, loss], 1))


def about(train: Table, held: Table | None = None) -> list[str]:
    return [finding.about for finding in findings(train, held_out() if held is None else held)]


def test_a_run_that_goes_well_has_nothing_to_say() -> None:
    picture = np.exp(-STEPS / 2000) * (1 + 0.05 * NOISE)
    assert about(training(right=0.7 + 0.03 * NOISE, picture=picture)) == []


@pytest.mark.parametrize(("right", "words"), [(0.5, "guessing"), (0.98, "winning")])
def test_a_discriminator_that_is_no_use_for_long_is_said(right: float, words: str) -> None:
    assert about(training(right=np.clip(right + 0.01 * NOISE, 0, 1))) == [words]


@pytest.mark.parametrize("right", [0.5, 0.98])
def test_a_discriminator_that_was_no_use_for_a_while_is_not_said(right: float) -> None:
    assert about(training(right=np.where(STEPS > 6000 - LONG / 2, right, 0.7))) == []
    assert about(training(right=right, rows=int(LONG / 20) - 1)) == []


def test_a_discriminator_that_has_just_joined_is_given_time() -> None:
    assert about(training(right=np.where(STEPS > 6000 - LONG / 2, 0.5, 0.0))) == []
    assert about(training(right=0.0)) == []


def test_a_loss_that_stands_still_is_said() -> None:
    flat = np.where(STEPS < 1500, np.exp(-STEPS / 500), 0.05) * (1 + 0.02 * NOISE)
    assert about(training(picture=flat)) == ["standing still"]
    assert about(training(picture=flat, rows=int(4 * LONG / 20) - 1)) == []


def test_learning_by_heart_is_said_with_the_step_that_was_best() -> None:
    rising = np.where(HELD < 3000, 1 - HELD / 6000, 0.5 + (HELD - 3000) / 10000)
    found = findings(training(), held_out(rising))
    assert [finding.about for finding in found] == ["overfitting"]
    assert "60% worse since step 3,000" in found[0].words and "Film more" in found[0].words


def test_a_rise_that_the_training_loss_shares_is_not_overfitting() -> None:
    rising = np.where(HELD < 3000, 1 - HELD / 6000, 0.5 + (HELD - 3000) / 10000)
    both = np.where(STEPS < 3000, 1 - STEPS / 6000, 0.5 + (STEPS - 3000) / 10000)
    assert "overfitting" not in about(training(picture=both), held_out(rising))


def test_a_rise_that_has_just_begun_is_not_overfitting() -> None:
    assert about(training(), held_out(np.where(HELD < 5500, 1 - HELD / 6000, 0.2))) == []


def test_empty_curves_say_nothing() -> None:
    empty = held_out()
    assert findings(training(rows=0), Table(empty.names, empty.rows[:0])) == []

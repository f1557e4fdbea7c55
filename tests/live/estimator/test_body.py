import numpy as np
import pytest

from engines.arrays import F32
from live.estimator.body import refined


def hot(row: int, column: int, *, logit: float = 9.0) -> F32:
    heat = np.full((64, 64, 1), -9.0, np.float32)
    heat[row, column] = logit
    return heat


def test_a_point_moves_to_the_heat_beside_it() -> None:
    found = refined(np.array([[20.5 / 64, 30.5 / 64]], np.float32), hot(31, 22))
    assert np.allclose(found, [[22 / 64, 31 / 64]], atol=2e-3)


@pytest.mark.parametrize("row, column, logit", [(40, 20, 9.0), (30, 20, -1.0)])
def test_heat_that_is_far_away_or_weak_moves_nothing(row: int, column: int, logit: float) -> None:
    place = np.array([[20.5 / 64, 30.5 / 64]], np.float32)
    assert np.array_equal(refined(place, hot(row, column, logit=logit)), place)


@pytest.mark.parametrize("x, y", [(-0.2, 0.5), (0.5, 1.3), (1.0, 1.0), (-1e-3, 0.5)])
def test_a_point_outside_stays_where_it_is(x: float, y: float) -> None:
    place = np.array([[x, y]], np.float32)
    assert np.array_equal(refined(place, hot(32, 32)), place)


def test_at_the_border_the_window_ends_with_the_map() -> None:
    found = refined(np.array([[0.2 / 64, 63.9 / 64]], np.float32), hot(63, 1))
    assert np.allclose(found, [[1 / 64, 63 / 64]], atol=2e-3)

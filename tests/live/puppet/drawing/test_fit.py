import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import F64
from live.puppet.drawing.fit import (
    ENOUGH,
    FARTHEST,
    KEY_POINTS,
    KEY_SIZE,
    SIZES,
    SIZES_KEPT,
    SIZES_SHIFTED,
    Shapes,
    lay,
    missed_by,
    nearest_fit,
)


def shape(seed: int) -> F64:
    """(KEY_SIZE,) a key whose points lie anywhere within a third of a torso length."""
    return np.random.default_rng(seed).uniform(-0.3, 0.3, KEY_SIZE)


def moved(key: F64, *, turned: float = 0.0, size: float = 1.0, by: complex = 0j) -> F64:
    """The same points, turned, sized and shifted."""
    points = (key[::2] + 1j * key[1::2]) * size * np.exp(1j * turned) + by
    return np.stack([points.real, points.imag], axis=1).reshape(-1)


SHAPES = np.array([shape(seed) for seed in range(4)])


@pytest.mark.parametrize("number", range(4))
def test_the_view_of_the_same_shape_is_chosen(number: int) -> None:
    noise = np.random.default_rng(9).normal(0, 0.02, KEY_SIZE)
    key = moved(SHAPES[number], turned=1.0, size=1.03) + noise
    assert nearest_fit(key, Shapes(SHAPES), True)[0] == number
    assert nearest_fit(moved(key, by=0.05 - 0.02j), Shapes(SHAPES), False)[0] == number


@given(turned=st.floats(-3.1, 3.1), size=st.floats(0.96, 1.04), shift=st.complex_numbers(max_magnitude=0.09))
def test_a_view_is_turned_sized_and_shifted_to_fit(turned: float, size: float, shift: complex) -> None:
    _, turn, shifted = nearest_fit(moved(SHAPES[0], turned=turned, size=size, by=shift), Shapes(SHAPES[:1]), False)
    assert turn == pytest.approx(size * np.exp(1j * turned), abs=1e-6)
    assert shifted == pytest.approx(shift, abs=1e-6)


@given(size=st.floats(0.8, 1.25))
def test_without_shifts_a_view_may_be_sized_more(size: float) -> None:
    _, turn, _ = nearest_fit(moved(SHAPES[0], turned=0.7, size=size), Shapes(SHAPES[:1]), True)
    assert turn == pytest.approx(size * np.exp(0.7j), abs=1e-6)


def test_without_shifts_the_joint_stays_where_it_is() -> None:
    assert nearest_fit(moved(SHAPES[0], by=0.1 + 0.1j), Shapes(SHAPES[:1]), True)[2] == 0


def test_few_points_do_not_shift_a_view() -> None:
    key = moved(SHAPES[0], by=0.05 + 0.05j)
    assert nearest_fit(key, Shapes(SHAPES[:1]), False)[2] == pytest.approx(0.05 + 0.05j)
    key[2 * ENOUGH :] = 0
    assert nearest_fit(key, Shapes(SHAPES[:1]), False)[2] == pytest.approx(0.05 + 0.05j)
    key[2 * ENOUGH - 2 :] = 0
    assert nearest_fit(key, Shapes(SHAPES[:1]), False)[2] == 0


def test_a_face_that_is_found_is_not_drawn_from_behind_though_the_rest_fits_better() -> None:
    behind, front = SHAPES[1].copy(), 0.7 * SHAPES[1] + 0.3 * SHAPES[2]
    behind[10:] = 0
    views = Shapes(np.stack([behind, front]))
    assert nearest_fit(SHAPES[1], views, False)[0] == nearest_fit(SHAPES[1], views, True)[0] == 1
    assert nearest_fit(behind, views, False)[0] == 0, "where no face is found"
    assert nearest_fit(SHAPES[1], Shapes(behind[None]), False)[0] == 0, "where the target has no other view"


@given(by=st.complex_numbers(max_magnitude=0.05), wrong=st.floats(-0.02, 0.02))
def test_a_point_is_missed_by_what_the_laid_view_is_off_there(by: complex, wrong: float) -> None:
    key = moved(SHAPES[0], turned=0.3, by=by)
    key[18] += wrong
    _, turn, shift = nearest_fit(key, Shapes(SHAPES[:1]), False)
    laid = moved(SHAPES[0], turned=float(np.angle(turn)), size=abs(turn), by=shift)
    assert missed_by(9, key, SHAPES[0], turn, shift) == pytest.approx(complex(*(laid - key)[18:]), abs=1e-9)
    key[18:] = 0
    assert missed_by(9, key, SHAPES[0], turn, shift) == 0, "where it was not found"


def test_a_view_is_not_blown_up_or_carried_away_beyond_what_a_part_may_be() -> None:
    for hangs, sizes in ((True, SIZES), (False, SIZES_SHIFTED)):
        for factor, wanted in ((5.0, sizes[1]), (0.1, sizes[0])):
            _, turn, _ = nearest_fit(factor * SHAPES[0], Shapes(SHAPES[:1]), hangs)
            assert abs(turn) == pytest.approx(wanted)
    _, _, shift = nearest_fit(moved(SHAPES[0], by=2.0 - 1.0j), Shapes(SHAPES[:1]), False)
    assert abs(shift) == pytest.approx(FARTHEST) and shift.real > 0 > shift.imag


@pytest.mark.parametrize("hangs", [True, False])
def test_points_that_one_side_lacks_do_not_move_what_is_laid(hangs: bool) -> None:
    key, views = moved(SHAPES[2], turned=0.5), SHAPES.copy()
    key[4:8] = 0
    views[:, 10:12] = 0
    view, turn, shift = nearest_fit(key, Shapes(views), hangs)
    assert view == 2 and turn == pytest.approx(np.exp(0.5j), abs=1e-6) and shift == pytest.approx(0)


@pytest.mark.parametrize("views", [np.full((3, KEY_SIZE), np.inf), np.zeros((1, KEY_SIZE))])
@pytest.mark.parametrize("hangs", [True, False])
def test_where_nothing_can_be_compared_the_first_is_drawn_as_it_is(views: F64, hangs: bool) -> None:
    assert nearest_fit(SHAPES[0], Shapes(views), hangs) == (0, 1, 0)
    assert nearest_fit(np.zeros(KEY_SIZE), Shapes(SHAPES), hangs) == (0, 1, 0)
    assert KEY_SIZE == 2 * KEY_POINTS


def test_a_frame_is_turned_about_its_joint_and_shifted_along_and_across() -> None:
    frame = np.array([[0.0, -20.0, 70.0], [60.0, 0.0, 30.0]])  # along, across, corner; 1 + 3 torsos of 15 px
    joint = frame[:, 2] + 0.25 * frame[:, 0]
    lay(frame, 1.0, 3.0, 2j, 0j)  # a quarter turn, twice the size
    assert frame[:, 2] + 0.25 * frame[:, 0] == pytest.approx(joint)
    assert frame[:, 0] == pytest.approx([-120.0, 0.0]) and frame[:, 1] == pytest.approx([0.0, -40.0])
    frame = np.array([[0.0, -20.0, 70.0], [60.0, 0.0, 30.0]])
    lay(frame, 1.0, 3.0, 1 + 0j, 2 + 1j)
    assert frame[:, 2] == pytest.approx([70.0 - 15.0, 30.0 + 30.0])


def test_a_view_is_kept_until_another_fits_clearly_better() -> None:
    other = SHAPES[0] + 0.5 * SHAPES[1]
    views = Shapes(np.stack([SHAPES[0], other]))
    for share, wanted in ((0.45, 0), (0.6, 0), (1.0, 1)):  # from the first shape to the second
        key = (1 - share) * SHAPES[0] + share * other
        assert nearest_fit(key, views, True, kept=0, margin=0.1)[0] == wanted
        assert nearest_fit(key, views, True)[0] == (share > 0.5)
    assert nearest_fit(np.zeros(KEY_SIZE), views, True, kept=1, margin=0.1) == (1, 1, 0), "nothing says otherwise"
    assert nearest_fit(SHAPES[1], Shapes(np.vstack([np.full(KEY_SIZE, np.inf), SHAPES])), True, kept=0)[0] == 2


def test_a_view_that_is_only_kept_does_not_swell() -> None:
    for size, wanted in ((1.25, SIZES_KEPT[1]), (0.8, SIZES_KEPT[0])):
        key = moved(SHAPES[0], size=size)
        assert abs(nearest_fit(key, Shapes(SHAPES[:1]), True)[1]) == pytest.approx(size)
        assert abs(nearest_fit(key, Shapes(SHAPES[:1]), True, kept=0, margin=0.1)[1]) == pytest.approx(wanted)

import re
from xml.etree import ElementTree

import numpy as np

from train.report.chart import BOTTOM, COLOURS, HEIGHT, LEFT, POINTS, RIGHT, TOP, WIDTH, Chart, Line, picture, svg

STEPS = np.arange(1.0, 101)
FALLING = Line("training", STEPS, 1 / STEPS)


def points(drawn: str, kind: str = "training") -> np.ndarray:
    """(N, 2) of the line's points."""
    found = re.search(f'class="{kind}" points="([^"]*)"', drawn)
    assert found is not None
    return np.array([[float(number) for number in pair.split(",")] for pair in found[1].split()])


def inside(at: np.ndarray) -> bool:
    fits = (LEFT <= at[:, 0]) & (at[:, 0] <= WIDTH - RIGHT) & (TOP <= at[:, 1]) & (at[:, 1] <= HEIGHT - BOTTOM)
    return bool(fits.all())


def test_a_line_runs_through_its_points_inside_the_plot() -> None:
    drawn = svg(Chart("a & b", (FALLING, Line("held out", STEPS[::10], 2 / STEPS[::10]))))
    ElementTree.fromstring(drawn)  # well formed
    at = points(drawn)
    assert len(at) == 100 and inside(at) and inside(points(drawn, "held-out"))
    assert (np.diff(at[:, 0]) > 0).all() and (np.diff(at[:, 1]) >= 0).all()  # down on the page is down in value
    assert "a &amp; b" in drawn


def test_a_wide_range_is_drawn_by_its_logarithm() -> None:
    at = points(svg(Chart("", (Line("training", np.arange(3.0), np.array([100.0, 10.0, 1.0])),))))
    assert at[1, 1] - at[0, 1] == at[2, 1] - at[1, 1]
    at = points(svg(Chart("", (Line("training", np.arange(3.0), np.array([3.0, 2.0, 1.0])),))))
    assert abs((at[1, 1] - at[0, 1]) - (at[2, 1] - at[1, 1])) < 0.2


def test_values_that_are_not_finite_are_left_out() -> None:
    assert len(points(svg(Chart("", (Line("training", STEPS[:4], np.array([1, np.nan, np.inf, 2])),))))) == 2


def test_a_long_line_is_thinned_to_its_means() -> None:
    steps = np.arange(1.0, 10001)
    at = points(svg(Chart("", (Line("training", steps, np.sin(steps)),))))
    assert len(at) == POINTS and at[-1, 0] > WIDTH - RIGHT - 2


def test_a_flat_line_one_point_and_none_are_drawn() -> None:
    for line in (Line("training", STEPS, np.zeros(100)), Line("training", STEPS[:1], np.ones(1))):
        assert inside(points(svg(Chart("", (line,)))))
    ElementTree.fromstring(svg(Chart("empty", ())))
    assert picture([Chart("empty", ())]).shape == (2 * HEIGHT, 2 * WIDTH * 3, 3)


def test_the_picture_holds_every_chart_and_both_colours() -> None:
    drawn = picture([Chart("one", (FALLING,)), Chart("two", (Line("held out", STEPS, STEPS),))], columns=2)
    assert drawn.shape == (2 * HEIGHT, 4 * WIDTH, 3)
    halves = {"training": drawn[:, : 2 * WIDTH], "held out": drawn[:, 2 * WIDTH :]}
    for kind, half in halves.items():
        near = {other: (np.abs(half.astype(int) - colour).max(2) < 8).sum() for other, colour in COLOURS.items()}
        assert near[kind] > 300 and sum(near.values()) == near[kind]

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.performer.placement import Held, landing
from live.puppet.values import Pose
from tests.live.puppet.figure import clip, walker

TARGET = walker(near=440, far=400, near_height=310, far_height=270, x=256)
ME = walker(near=850, far=750, near_height=640, far_height=520, x=500)
HALF = replace(TARGET, near_y=0, far_y=0, near_height=0, far_height=0, has_legs=False)


def standing(floor: float, height: float, x: float = 500) -> tuple[Pose, ...]:
    return tuple(clip([floor] * 30, [height] * 30, x=x))


def test_held_figures_land_on_the_targets_lines() -> None:
    for held in (Held(standing(850, 640), 1.0), Held(standing(750, 520), 0.0)):
        where = landing(ME, TARGET, held)
        assert where.feet_px == pytest.approx(0, abs=0.5) and where.head_px == pytest.approx(0, abs=0.5)
        assert where.shoulders_px is None


@given(st.floats(-60, 60))
def test_feet_beside_the_line_are_off_by_as_much_as_the_measures_are_wrong(dy: float) -> None:
    wrong = replace(ME, near_y=ME.near_y + dy, far_y=ME.far_y + dy)
    held = Held(standing(850, 640), 1.0)
    where = landing(wrong, TARGET, held)
    assert where.off_px == pytest.approx((abs(where.feet_px or 0) + abs(where.head_px or 0)) / 2)
    if abs(dy) > 5:  # nearer to the camera than the measures know: too low, and the other way round
        assert (where.feet_px or 0) * dy < 0


def test_from_the_waist_up_the_shoulders_count() -> None:
    held = Held(standing(800, 580), None)
    neck = float(held.poses[0].points_px[1, 1])
    seated = replace(ME, near_y=0, far_y=0, near_height=0, far_height=0, has_legs=False, neck_y=neck, shoulder=116.0)
    where = landing(seated, HALF, held)
    assert where.shoulders_px == pytest.approx(0, abs=0.5) and where.feet_px is None
    aside = landing(replace(seated, neck_x=seated.neck_x - 58), HALF, held)
    assert aside.shoulders_px == pytest.approx(HALF.shoulder / 2, rel=0.01)

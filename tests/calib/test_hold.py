from dataclasses import replace

import numpy as np

from calib.hold import COUNTDOWN_S, MEASURED_S, Hold, Meter
from calib.sight import Stillness, look
from live.puppet import topology as T
from live.puppet.values import Pose
from tests.calib.people import from_the_waist, standing


def at(t_s: float, dx: float = 0.0) -> Pose:
    base = standing()
    return replace(base, t_capture_s=t_s, points_px=base.points_px + np.float32(dx))


def held(hold: Hold, until_s: float, *, wrong: tuple[float, ...] = (), drift: float = 0.0) -> list[Meter]:
    """Meters at 30 a second; `wrong` at these frames' seconds (rounded to the frame); `drift` pixels a second."""
    bad = {round(t * 30) for t in wrong}
    return [hold.step(at(i / 30, drift * i / 30), i not in bad) for i in range(int(until_s * 30) + 1)]


def test_a_countdown_and_then_one_second_is_measured() -> None:
    meters = held(Hold(), COUNTDOWN_S + MEASURED_S)
    assert [meter.poses is None for meter in meters] == [True] * 90 + [False]
    taken = meters[-1].poses
    assert taken is not None and len(taken) == 31
    assert taken[0].t_capture_s == COUNTDOWN_S


def test_a_flicker_is_forgiven_and_a_wrong_pose_starts_anew() -> None:
    assert held(Hold(), 3.0, wrong=(1.0, 1.05))[-1].poses is not None
    meters = held(Hold(), 3.0, wrong=tuple(1 + i / 30 for i in range(12)))
    assert meters[-1].poses is None and meters[41].countdown_s is None
    assert meters[-1].progress < 0.6


def test_a_wrong_pose_is_never_measured() -> None:
    taken = held(Hold(), 3.0, wrong=(2.5,))[-1].poses
    assert taken is not None and 2.5 not in [round(pose.t_capture_s, 3) for pose in taken]


def test_a_hole_in_time_starts_anew() -> None:
    hold = Hold()
    held(hold, 2.5)
    assert hold.step(at(9.0), True).poses is None
    assert hold.step(at(9.1), True).progress < 0.1


def test_time_that_goes_back_starts_anew() -> None:
    hold = Hold()
    held(hold, 2.5)
    assert hold.step(at(0.1), True).progress == 0.0


def test_a_slow_walk_is_not_measured_before_it_ends() -> None:
    hold = Hold()
    walking = held(hold, 6.0, drift=35.0)
    assert all(meter.poses is None for meter in walking)
    standing_now = [hold.step(at(6.0 + i / 30, 210.0), True) for i in range(1, 40)]
    assert any(meter.poses is not None for meter in standing_now)


def test_reset_equals_new() -> None:
    used = Hold()
    held(used, 2.5)
    used.reset()
    assert held(used, 2.0) == held(Hold(), 2.0)


def test_stillness_needs_half_a_second_and_ends_with_a_movement() -> None:
    still = Stillness()
    seen = [still.step(at(i / 30), 200) for i in range(30)]
    assert not any(seen[:13]) and all(seen[20:])
    waving = []
    for i in range(30, 60):
        pose = at(i / 30)
        pose.points_px[T.R_WRIST, 1] -= 15 * (i - 30)
        waving.append(still.step(pose, 200))
    assert not all(waving) and not waving[-1]


def test_what_a_pose_shows_is_judged() -> None:
    whole, half, nobody = look(standing()), look(from_the_waist()), look(Pose.empty(0, 0, (640, 480)))
    assert whole.person and whole.whole and whole.upright and whole.facing
    assert (whole.floor_y, whole.height_px) == (800, 600)
    assert half.person and not half.whole and half.height_px == 0
    assert not nobody.person and nobody.torso_px == 0


def test_one_who_sits_is_not_upright() -> None:
    base = standing()
    points = base.points_px.copy()
    points[[T.R_KNEE, T.L_KNEE], 1] = points[T.MID_HIP, 1] + 10
    assert look(replace(base, points_px=points)).whole
    assert not look(replace(base, points_px=points)).upright

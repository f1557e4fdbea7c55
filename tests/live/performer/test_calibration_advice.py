from dataclasses import replace

from live.performer.calibration_advice import GATHER_S, CalibrationAdvisor, expected_gain_px
from live.puppet.geometry.body_stats import BodyStats, fit_stats
from live.puppet.values import Pose
from tests.live.puppet.figure import clip, walker

TARGET = walker(near=440, far=400, near_height=310, far_height=270, x=256)
COUNT = int((GATHER_S + 2) * 30)
STANDING = clip([800.0] * COUNT, [600.0] * COUNT)
ROAMING = clip([800.0 + 60 * (i // 90 % 2) for i in range(COUNT)], [600.0 + 60 * (i // 90 % 2) for i in range(COUNT)])


def said(poses: list[Pose], in_use: BodyStats | None) -> list[str]:
    gain = CalibrationAdvisor(TARGET)
    return [line for pose in poses if (line := gain.step(pose, in_use)) is not None]


def test_one_who_roams_is_told_once_what_a_calibration_would_mend() -> None:
    told = said(ROAMING, fit_stats(ROAMING[:60]))
    assert len(told) == 1 and "px closer" in told[0] and "--calibrate" in told[0]


def test_the_gain_it_tells_is_how_far_apart_the_two_fits_land() -> None:
    wrong = fit_stats(ROAMING[:60])
    px = expected_gain_px(ROAMING, wrong, TARGET)
    assert px > 0.015 * TARGET.size and f"about {px:.0f} px" in said(ROAMING, wrong)[0]
    assert expected_gain_px(ROAMING, fit_stats(ROAMING), TARGET) == 0


def test_good_measures_are_left_alone() -> None:
    assert said(STANDING, fit_stats(STANDING[:120])) == []


def test_nothing_is_said_before_half_a_minute_in_view() -> None:
    seen = ROAMING[: int(GATHER_S * 30) - 30]
    away = [replace(pose, t_capture_s=pose.t_capture_s + 1000) for pose in ROAMING[:10]]
    assert said([*seen, *away], fit_stats(ROAMING[:60])) == []


def test_nothing_is_said_while_nobody_was_measured() -> None:
    assert said(ROAMING, None) == []
    assert said([Pose.empty(i, i / 30, (64, 64)) for i in range(COUNT)], fit_stats(STANDING)) == []

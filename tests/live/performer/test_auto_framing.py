"""--framing auto: what is in view decides, for long enough, and stays."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from live.performer.auto_framing import CHANGE_S, FIRST_S, SHARE, AutoFraming, speaks_for
from live.puppet import topology as T
from live.puppet.values import Pose

LEGS = [T.R_KNEE, T.L_KNEE, T.R_ANKLE, T.L_ANKLE]


def somebody(t_s: float, *, legs: bool, shoulders_px: float = 100.0) -> Pose:
    """All joints in view but, perhaps, the legs; in a picture 720 high."""
    pose = Pose.empty(round(t_s * 30), t_s, (1280, 720))
    scores = np.ones(T.K, np.float32)
    if not legs:
        scores[LEGS] = 0
    points = np.full((T.K, 2), 300.0, np.float32)
    points[T.L_SHOULDER, 0] += shoulders_px
    return replace(pose, points_px=points, scores=scores)


def decisions(framing: AutoFraming, start_s: float, length_s: float, *, legs: bool) -> list[tuple[float, str]]:
    """(when, what) it decided while somebody was in view for so long, at 20 looks a second."""
    times = [start_s + i / 20 for i in range(round(length_s * 20))]
    found = [(t_s, framing.step(somebody(t_s, legs=legs))) for t_s in times]
    return [(t_s, decided) for t_s, decided in found if decided is not None]


def test_the_first_decision_takes_a_second_and_a_change_longer() -> None:
    framing = AutoFraming()
    [(first_s, first)] = decisions(framing, 0.0, 2.0, legs=True)
    assert first == "full" and 0.9 * FIRST_S <= first_s <= FIRST_S
    [(second_s, second)] = decisions(framing, 2.0, 5.0, legs=False)
    assert second == "half" and SHARE * 0.9 * CHANGE_S <= second_s - 2.0 <= CHANGE_S


def test_legs_that_are_lost_for_a_moment_change_nothing() -> None:
    framing = AutoFraming()
    decisions(framing, 0.0, 2.0, legs=True)
    assert decisions(framing, 2.0, 0.5, legs=False) == []
    assert decisions(framing, 2.5, 5.0, legs=True) == []


def test_legs_that_come_and_go_decide_nothing() -> None:
    framing = AutoFraming()
    decisions(framing, 0.0, 2.0, legs=True)
    assert [decisions(framing, 2.0 + i / 4, 0.25, legs=bool(i % 2)) for i in range(40)] == [[]] * 40


def test_nobody_in_view_keeps_the_framing() -> None:
    framing = AutoFraming()
    decisions(framing, 0.0, 2.0, legs=False)
    away = [framing.step(Pose.empty(i, 2 + i / 20, (1280, 720))) for i in range(200)]
    assert not any(away)
    assert decisions(framing, 12.0, 5.0, legs=False) == []


def test_a_knee_alone_speaks_for_half_only_close_to_the_camera() -> None:
    knee = np.zeros(T.K, np.float32)
    knee[[T.NOSE, T.R_SHOULDER, T.L_SHOULDER, T.R_KNEE]] = 1
    assert speaks_for(replace(somebody(0.0, legs=True, shoulders_px=60), scores=knee)) is None
    assert speaks_for(replace(somebody(0.0, legs=True, shoulders_px=240), scores=knee)) == "half"


def test_a_clip_that_starts_over_is_judged_anew() -> None:
    framing = AutoFraming()
    decisions(framing, 100.0, 0.5, legs=True)
    assert decisions(framing, 0.0, 0.5, legs=False) == []


@pytest.mark.clips
@pytest.mark.parametrize("clip, wanted", [("full_body_dance_static", "full"), ("webcam_signing_half", "half")])
def test_recorded_people_are_framed_as_they_were_filmed(clips: Path, clip: str, wanted: str) -> None:
    from live.estimator.holistic import HolisticEstimator
    from live.sources.video import VideoSource

    path = next(clips.glob(f"{clip}.*"))
    source, estimator, framing = VideoSource(path, print), HolisticEstimator(), AutoFraming()
    decided = None
    while decided is None and (frame := source.read()) is not None:
        decided = framing.step(estimator.estimate(frame))
    source.close()
    estimator.close()
    assert decided == wanted

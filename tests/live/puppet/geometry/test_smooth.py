import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.geometry.smooth import Smoother
from tests.live.puppet.figure import figure, without

SIZE = 600.0
SEEN = np.ones(top.K, np.float32)
STILL = figure(floor=800, height=SIZE)


def all_at(x: float) -> F32:
    return np.full((top.K, 2), x, np.float32)


def test_golden_numbers_of_one_euro() -> None:
    """x = 10, 12, 10, ... at 30 Hz, cutoff 1 Hz, beta 0: 10, then 1/6 of the way (alpha 0.1732) each time."""
    smoother = Smoother(min_cutoff_hz=1.0, beta=0.0, derivative_cutoff_hz=1.0)
    got = [smoother.step(all_at(x), SEEN, i / 30, SIZE)[0][0, 0] for i, x in enumerate((10, 12, 10, 12))]
    assert got == pytest.approx([10, 10.3464, 10.2864, 10.5831], abs=2e-4)


def test_a_still_person_is_steadier_than_the_detector() -> None:
    rng = np.random.default_rng(1)
    smoother = Smoother()
    noisy = [STILL + rng.normal(0, 2, STILL.shape).astype(np.float32) for _ in range(120)]
    out = [smoother.step(p, SEEN, i / 30, SIZE)[0] for i, p in enumerate(noisy)]
    shake_in, shake_out = (np.abs(np.diff(a[30:], axis=0)).mean() for a in (noisy, out))
    assert shake_out < 0.35 * shake_in


@pytest.mark.parametrize("fps", [15, 30, 60])
def test_a_fast_hand_is_less_than_a_frame_late(fps: int) -> None:
    smoother, speed = Smoother(), 2 * SIZE
    for i in range(2 * fps):
        out, _ = smoother.step(all_at(speed * i / fps), SEEN, i / fps, SIZE)
    late_s = (speed * (2 * fps - 1) / fps - out[0, 0]) / speed
    assert 0 <= late_s < 0.012


def test_distance_from_the_camera_changes_nothing() -> None:
    rng = np.random.default_rng(2)
    near, far = Smoother(), Smoother()
    for i in range(30):
        points = STILL + rng.normal(0, 20, STILL.shape).astype(np.float32)
        a, _ = near.step(points, SEEN, i / 30, SIZE)
        b, _ = far.step(points / 4, SEEN, i / 30, SIZE / 4)
    assert b * 4 == pytest.approx(a, abs=0.01)


def test_a_joint_that_disappears_and_returns_does_not_smear() -> None:
    smoother = Smoother()
    for i in range(10):
        smoother.step(STILL, SEEN, i / 30, SIZE)
    smoother.step(STILL, without(top.L_WRIST), 10 / 30, SIZE)
    moved = STILL.copy()
    moved[top.L_WRIST] += (300, -200)
    out, scores = smoother.step(moved, SEEN, 11 / 30, SIZE)
    assert (out[top.L_WRIST] == moved[top.L_WRIST]).all()
    assert scores[top.L_WRIST] == 1


def test_a_joint_that_returns_is_filtered_as_if_seen_for_the_first_time() -> None:
    used, new = Smoother(), Smoother()
    for i in range(10):
        used.step(all_at(60.0 * i), SEEN, i / 30, SIZE)  # fast, so that its speed would loosen the filter
    used.step(STILL, np.zeros(top.K, np.float32), 10 / 30, SIZE)
    for i in range(11, 15):
        a, b = (s.step(all_at(500.0 + 3 * (i % 2)), SEEN, i / 30, SIZE)[0] for s in (used, new))
        assert (a == b).all()


def test_the_other_joints_keep_their_state_when_one_returns() -> None:
    a, b = Smoother(), Smoother()
    rng = np.random.default_rng(3)
    for i in range(20):
        points = STILL + rng.normal(0, 3, STILL.shape).astype(np.float32)
        out_a, _ = a.step(points, SEEN, i / 30, SIZE)
        out_b, _ = b.step(points, without(top.L_WRIST) if i % 5 == 0 else SEEN, i / 30, SIZE)
    others = np.arange(top.K) != top.L_WRIST
    assert (out_a[others] == out_b[others]).all()


def test_a_lost_joint_stays_for_the_hold_and_then_scores_zero() -> None:
    smoother = Smoother(hold_s=0.15)
    smoother.step(STILL, np.full(top.K, 0.8, np.float32), 0.0, SIZE)
    gone = all_at(0.0)
    for t_s, wanted in ((0.1, 0.8), (0.149, 0.8), (0.2, 0.0)):
        out, scores = smoother.step(gone, np.zeros(top.K, np.float32), t_s, SIZE)
        assert scores == pytest.approx(np.full(top.K, wanted))
        assert out == pytest.approx(STILL)


def test_a_score_below_the_threshold_is_not_seen() -> None:
    smoother = Smoother(valid_score=0.3, hold_s=0.0)
    _, scores = smoother.step(STILL, np.full(top.K, 0.29, np.float32), 0.0, SIZE)
    assert (scores == 0).all()
    _, scores = smoother.step(STILL, np.full(top.K, 0.31, np.float32), 0.1, SIZE)
    assert scores == pytest.approx(np.full(top.K, 0.31))


def test_time_zero_is_a_time_like_any_other() -> None:
    def last(start_s: float) -> F32:
        smoother = Smoother()
        for i in range(5):
            out, _ = smoother.step(STILL + np.float32(10 * i), SEEN, start_s + i / 30, SIZE)
        return out

    assert last(0.0) == pytest.approx(last(64.0), abs=1e-3)


def test_the_same_time_twice_changes_nothing() -> None:
    smoother = Smoother()
    smoother.step(STILL, SEEN, 0.0, SIZE)
    before, _ = smoother.step(STILL + 5, SEEN, 1 / 30, SIZE)
    same, _ = smoother.step(STILL + 9, SEEN, 1 / 30, SIZE)
    assert (same == before).all()


def test_a_clock_that_goes_back_starts_anew() -> None:
    smoother = Smoother()
    smoother.step(STILL, SEEN, 10.0, SIZE)
    out, _ = smoother.step(STILL + 100, SEEN, 0.0, SIZE)
    assert (out == STILL + 100).all()


def test_a_long_gap_starts_anew() -> None:
    smoother = Smoother()
    smoother.step(STILL, SEEN, 0.0, SIZE)
    out, _ = smoother.step(STILL + 100, SEEN, 2.0, SIZE)
    assert (out == STILL + 100).all()


def test_detail_points_can_have_a_setting_of_their_own() -> None:
    smoother = Smoother(min_cutoff_hz=1.0, beta=0.0, detail_min_cutoff_hz=8.0)
    smoother.step(all_at(10), SEEN, 0.0, SIZE)
    out, _ = smoother.step(all_at(12), SEEN, 1 / 30, SIZE)
    assert out[top.BODY].max() < 10.4 < 11 < out[top.FACE].min() <= out[top.R_HAND].min()


def test_reset_equals_new() -> None:
    used, new = Smoother(), Smoother()
    for i in range(9):
        used.step(STILL + 7 * np.float32(i), without(top.NOSE), i / 30, SIZE)
    used.reset()
    for i in range(5):
        a, b = (s.step(STILL + 3 * np.float32(i), SEEN, i / 30, SIZE) for s in (used, new))
        assert (a[0] == b[0]).all()
        assert (a[1] == b[1]).all()


def test_results_are_the_callers() -> None:
    smoother = Smoother()
    first, scores = smoother.step(STILL, SEEN, 0.0, SIZE)
    kept = first.copy()
    first[:], scores[:] = -1, -1
    again, _ = smoother.step(STILL, SEEN, 0.0, SIZE)
    assert (again == kept).all()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_point_or_score_that_is_not_finite_is_not_seen(value: float) -> None:
    for spoil in ("point", "score"):
        smoother = Smoother()
        smoother.step(STILL, SEEN, 0.0, SIZE)
        points, scores = STILL + 50, SEEN.copy()
        (points if spoil == "point" else scores)[top.NOSE] = value
        out, out_scores = smoother.step(points, scores, 1.0, SIZE)
        assert (out[top.NOSE] == STILL[top.NOSE]).all()
        assert out_scores[top.NOSE] == 0
        assert out_scores.sum() == top.K - 1


bad = st.sampled_from([np.nan, np.inf, -np.inf, 1e30, 0.0, 100.0])


@given(
    frames=st.lists(st.tuples(bad, bad, bad, st.integers(0, 136), st.floats(0, 1)), min_size=1, max_size=8),
    size=st.sampled_from([0.0, 1e-6, 300.0]),
)
def test_the_result_is_always_finite(frames: list[tuple[float, float, float, int, float]], size: float) -> None:
    smoother = Smoother()
    for x, y, score, joint, t_s in frames:
        points, scores = STILL.copy(), SEEN.copy()
        points[joint], scores[joint] = (x, y), score
        out, out_scores = smoother.step(points, scores, t_s, size)
        assert np.isfinite(out).all()
        assert np.isfinite(out_scores).all()


def test_settings_that_make_no_sense_are_refused() -> None:
    with pytest.raises(ValueError, match="wanted cutoffs above 0"):
        Smoother(min_cutoff_hz=0.0)

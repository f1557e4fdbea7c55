"""Presence: held, eased to idle, back with a new epoch; nobody yet is idle too."""

import numpy as np
import pytest

from live.puppet.errors import TargetError
from live.puppet.values import PlacedPose
from live.scene.idle_loop import IdleLoop, load_idle
from live.scene.presence import Presence

IDLE_X, PERSON_X = 10.0, 100.0


def loop() -> IdleLoop:
    points = np.full((4, 137, 2), IDLE_X, np.float32)
    points[:, :, 1] = np.arange(4, dtype=np.float32)[:, None]
    return IdleLoop(points, np.ones((4, 137), np.float32), np.full(4, 50, np.float32), fps=10.0, take="full")


def person(frame_id: int, t_s: float) -> PlacedPose:
    return PlacedPose(frame_id, t_s, np.full((137, 2), PERSON_X, np.float32), np.ones(137, np.float32), 80.0)


def presence(idle: IdleLoop | None = None) -> Presence:
    return Presence(idle or loop(), hold_s=0.5, ease_s=0.6)


def test_before_anybody_was_seen_the_puppet_idles() -> None:
    shown = presence().missed(0, 0.0)
    assert shown.state == "idle"
    assert shown.placed is not None and shown.placed.points_px[0, 0] == IDLE_X


def test_a_lost_person_is_held_then_eased_then_idle() -> None:
    p = presence()
    p.seen(person(0, 0.0))
    assert [p.missed(i, i / 10).state for i in range(1, 13)] == [*["held"] * 4, *["easing"] * 6, *["idle"] * 2]


def test_the_way_to_idle_has_no_jump() -> None:
    p = presence()
    p.seen(person(0, 0.0))
    xs = [p.missed(i, i / 100).placed.points_px[0, 0] for i in range(1, 130)]  # type: ignore[union-attr]
    assert xs[0] == PERSON_X and xs[-1] == IDLE_X
    assert max(abs(np.diff(xs))) < 4


def test_ids_and_times_are_those_of_the_frame_in_every_state() -> None:
    p = presence()
    p.seen(person(0, 0.0))
    for i in range(1, 30):
        placed = p.missed(i, i / 10).placed
        assert placed is not None and (placed.frame_id, placed.t_capture_s) == (i, i / 10)


def test_who_comes_back_after_idling_starts_a_new_epoch() -> None:
    p = presence()
    first = p.seen(person(0, 0.0))
    assert p.missed(1, 2.0).epoch == first.epoch
    assert p.gone
    assert p.seen(person(2, 2.1)).epoch == first.epoch + 1
    assert not p.gone


def test_who_comes_back_while_held_was_never_gone() -> None:
    p = presence()
    first = p.seen(person(0, 0.0))
    p.missed(1, 0.2)
    assert not p.gone
    assert p.seen(person(2, 0.3)).epoch == first.epoch


def test_the_held_pose_survives_a_sender_that_reuses_its_arrays() -> None:
    p = presence()
    sent = person(0, 0.0)
    p.seen(sent)
    sent.points_px[:] = -1
    held = p.missed(1, 0.1).placed
    assert held is not None and held.points_px[0, 0] == PERSON_X


def test_a_target_without_an_idle_loop_gets_the_card() -> None:
    p = Presence(None, hold_s=0.5, ease_s=0.6)
    p.seen(person(0, 0.0))
    assert p.missed(1, 0.1).placed is not None
    assert p.missed(2, 1.0).placed is None


def test_reset_equals_new() -> None:
    p, new = presence(), presence()
    p.seen(person(0, 0.0))
    p.missed(1, 3.0)
    p.reset()
    for a, b in ((p.missed(2, 4.0), new.missed(2, 4.0)), (p.seen(person(3, 5.0)), new.seen(person(3, 5.0)))):
        assert (a.state, a.epoch) == (b.state, b.epoch)
        assert a.placed is not None and b.placed is not None
        assert np.array_equal(a.placed.points_px, b.placed.points_px)


def test_the_idle_loop_goes_round_between_its_frames() -> None:
    ys = [loop().pose(0, 0.0, t).points_px[0, 1] for t in (0.0, 0.05, 0.35, 0.4)]
    assert ys == pytest.approx([0.0, 0.5, 1.5, 0.0])


def test_a_joint_that_only_one_pose_has_does_not_fly_in_from_the_corner() -> None:
    idle = loop()
    idle.scores[:, 5], idle.points_px[:, 5] = 0, 0
    p = presence(idle)
    p.seen(person(0, 0.0))
    placed = p.missed(1, 0.8).placed
    assert placed is not None
    assert placed.points_px[5, 0] == PERSON_X and 0 < placed.scores[5] < 1


@pytest.mark.parametrize("broken", ["shape", "nan", "empty", "no file"])
def test_a_broken_idle_file_is_a_target_error(broken: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    points = np.zeros((0 if broken == "empty" else 2, 137 if broken != "shape" else 25, 2), np.float32)
    if broken == "nan":
        points[0, 0] = np.nan
    n = len(points)
    if broken != "no file":
        arrays = {"points_px": points, "scores": np.ones((n, 137)), "size_px": np.ones(n)}
        np.savez(tmp_path / "idle.npz", fps=10.0, take="full", **arrays)
    with pytest.raises(TargetError, match="idle loop"):
        load_idle(tmp_path / "idle.npz")

"""A caller's legs: the idle loop's while they are out of view, planted, and given back without a jump."""

from dataclasses import replace

import numpy as np

from engines.arrays import F32
from live.puppet import topology as T
from live.puppet.values import PlacedPose, Pose
from live.scene.idle_legs import AFTER_S, GLIDE_S, REACH, IdleLegs
from live.scene.idle_loop import IdleLoop

SIZE = 100.0  # the torso, canvas pixels
LEGS = [T.R_KNEE, T.L_KNEE, T.R_ANKLE, T.L_ANKLE]
UPPER = [joint for joint in range(T.K) if joint not in {T.MID_HIP, *range(T.R_HIP, T.L_ANKLE + 1), *range(19, 25)}]
DT = 1 / 30


def figure(x: float = 256.0, y: float = 150.0) -> F32:
    """Neck at (x, y), legs straight down."""
    points = np.full((T.K, 2), (x, y - 20), np.float32)
    points[T.NECK] = x, y
    for joint, down in ((T.MID_HIP, 100), (T.R_HIP, 100), (T.L_HIP, 100), (T.R_KNEE, 180), (T.L_KNEE, 180)):
        points[joint] = x, y + down
    points[[T.R_ANKLE, T.L_ANKLE]] = x, y + 260
    points[19:25] = x, y + 275
    return points


def idle_loop(*, unseen: tuple[int, ...] = ()) -> IdleLoop:
    """Two poses, a second apart, whose feet are set 30 to the side; elsewhere on the canvas and half as large."""
    points = np.stack([figure(), figure()])
    points[0, [T.R_ANKLE, T.L_ANKLE, *range(19, 25)], 0] -= 30
    points[1, [T.R_ANKLE, T.L_ANKLE, *range(19, 25)], 0] += 30
    scores = np.ones((2, T.K), np.float32)
    scores[:, list(unseen)] = 0
    return IdleLoop(points / 2 + np.float32(40), scores, np.full(2, SIZE / 2, np.float32), 1.0, "full")


def frame(t_s: float, *, unseen: list[int] = LEGS, x: float = 256.0) -> tuple[Pose, PlacedPose]:
    """What was seen, and where the Completer has placed it."""
    scores = np.ones(T.K, np.float32)
    scores[unseen] = 0
    pose = replace(Pose.empty(round(t_s / DT), t_s, (640, 480)), scores=scores)
    return pose, PlacedPose(pose.frame_id, t_s, figure(x), np.ones(T.K, np.float32), SIZE)


def shown(legs: IdleLegs, t_s: float, **seen: object) -> F32:
    return legs.apply(*frame(t_s, **seen)).points_px  # type: ignore[arg-type]


def idle_legs(*, always: bool = False, loop: IdleLoop | None = None) -> IdleLegs:
    return IdleLegs(loop or idle_loop(), always=always, valid_score=0.3)


def test_legs_out_of_view_are_the_loops_at_the_figures_own_size_and_place() -> None:
    legs = idle_legs()
    first, second = shown(legs, 0.0), shown(legs, 1.0)
    assert np.allclose(first[T.R_ANKLE], (256 - 30, 150 + 260), atol=0.01)
    assert np.allclose(second[T.R_ANKLE], (256 + 30, 150 + 260), atol=0.01)
    assert np.array_equal(first[UPPER], figure()[UPPER])


def test_legs_in_view_are_left_alone_but_in_half_framing_a_sitters_are_the_loops_too() -> None:
    pose, placed = frame(0.0, unseen=[])
    assert np.array_equal(idle_legs().apply(pose, placed).points_px, placed.points_px)
    assert np.allclose(idle_legs(always=True).apply(pose, placed).points_px[T.L_ANKLE, 0], 226, atol=0.01)


def test_one_knee_in_view_keeps_all_legs_as_placed() -> None:
    assert np.array_equal(shown(idle_legs(), 0.0, unseen=[T.L_KNEE, T.R_ANKLE, T.L_ANKLE]), figure())


def test_legs_that_are_lost_and_come_back_glide() -> None:
    legs, ankles = idle_legs(), []
    times = np.arange(0, 6, DT)
    for t_s in times:
        unseen = LEGS if 1 <= t_s < 4 else []
        ankles.append(shown(legs, float(t_s), unseen=unseen)[T.R_ANKLE])
    away = np.hypot(*(np.array(ankles) - figure()[T.R_ANKLE]).T)
    assert away[times < 1 + AFTER_S - DT].max() == 0, "a moment without legs is no reason"
    assert away[(times > 2) & (times < 4)].max() > 25
    assert away[times > 4 + GLIDE_S + DT].max() == 0
    assert np.hypot(*np.diff(ankles, axis=0).T).max() < 5, "no jump"


def test_a_sway_leaves_the_feet_where_they_stand_and_a_move_takes_them_along() -> None:
    legs = idle_legs()
    before = shown(legs, 0.0)
    swayed = shown(legs, 2 * DT, x=256 + 10)
    assert abs(swayed[T.R_ANKLE, 0] - before[T.R_ANKLE, 0] - 60 * 2 * DT) < 1.0
    assert abs(swayed[T.MID_HIP, 0] - 266) < 0.01 and 0 < swayed[T.R_KNEE, 0] - before[T.R_KNEE, 0] < 10
    far = shown(legs, 3 * DT, x=256 + 300)
    assert far[T.L_ANKLE, 0] - (256 + 300) > -30 - REACH * SIZE - 1, "legs are not torn long"
    for t_s in np.arange(4 * DT, 14, DT):
        settled = shown(legs, float(t_s), x=256 + 300)
    assert abs(settled[T.L_ANKLE, 0] - 556) <= 31


def test_hips_out_of_view_stay_under_a_swaying_neck() -> None:
    legs, unseen = idle_legs(), [T.MID_HIP, T.R_HIP, T.L_HIP, *LEGS]
    shown(legs, 0.0, unseen=unseen)
    hip = shown(legs, DT, unseen=unseen, x=256 + 20)[T.MID_HIP]
    assert abs(hip[0] - 256) < 1 and abs(hip[1] - 250) < 0.01


def test_what_the_loop_does_not_know_hangs_from_the_hips_as_placed() -> None:
    toes, unseen = (T.R_BIG_TOE, T.L_BIG_TOE), [T.MID_HIP, T.R_HIP, T.L_HIP, *LEGS]
    legs = idle_legs(loop=idle_loop(unseen=toes))
    assert np.array_equal(shown(legs, 0.0, unseen=unseen)[list(toes)], figure()[list(toes)])
    points = shown(legs, DT, unseen=unseen, x=256 + 20)
    assert np.allclose(points[list(toes)] - points[T.MID_HIP], figure()[list(toes)] - figure()[T.MID_HIP], atol=0.01)


def test_nobody_and_a_head_without_a_neck_are_left_alone() -> None:
    pose, placed = frame(0.0)
    headless = replace(placed, scores=np.zeros(T.K, np.float32))
    assert idle_legs().apply(pose, headless) is headless


def test_after_a_reset_or_a_clip_that_starts_over_it_behaves_as_new() -> None:
    legs, fresh = idle_legs(), shown(idle_legs(), 0.0)
    shown(legs, 5.0, x=300)
    assert np.array_equal(shown(legs, 0.0), fresh)
    shown(legs, 5.0, x=300)
    legs.reset()
    assert np.array_equal(shown(legs, 0.0), fresh)

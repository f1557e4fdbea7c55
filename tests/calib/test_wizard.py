from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calib.wizard import AWAY_S, Wizard
from live.control.wizard_port import WizardView
from live.performer.profile import Profile
from live.puppet.errors import CalibrationError
from live.puppet.values import Frame, Pose
from live.scene.target import Target
from tests.calib.follower import BLANK, FPS, HALF_SCHEDULE, Follower, follow, scheduled
from tests.calib.people import from_the_waist, open_wizard, standing, tiny

WHOLE_PATH = ("camera", "stand", "far", "near", "arms", "face", "mouth", "sit", "score", "save")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    return tiny(tmp_path_factory.mktemp("full"))


@pytest.fixture(scope="module")
def half_target(tmp_path_factory: pytest.TempPathFactory) -> Target:
    return tiny(tmp_path_factory.mktemp("half"), "half")


def order(views: list[WizardView]) -> list[str]:
    """The steps in the order in which they came."""
    return [view.step for i, view in enumerate(views) if i == 0 or views[i - 1].step != view.step]


def hints(views: list[WizardView], step: str) -> set[str]:
    """All that was said to be changed in this step."""
    return {view.hint for view in views if view.step == step and view.hint}


def test_one_who_follows_goes_from_start_to_saved_hands_free(target: Target) -> None:
    saved: list[Profile] = []
    views, poses = follow(open_wizard(target, saved), Follower(standing()))
    assert tuple(order(views)) == WHOLE_PATH == views[-1].steps
    assert views[-1].finished and not views[-1].cancelled and views[-1].saved == "me"
    assert poses[-1].t_capture_s < 45
    assert [profile.stats for profile in saved] == [views[-1].stats]
    assert saved[0].seated is not None and saved[0].face is not None and saved[0].face.open_gap is not None


def test_every_step_counts_down_with_a_tick_a_second_and_ends_with_a_sound(target: Target) -> None:
    views, _ = follow(open_wizard(target, []), Follower(standing()))
    stand = [view for view in views if view.step == "stand"]
    counts = [view.countdown_s for view in stand if view.countdown_s is not None]
    assert counts == sorted(counts, reverse=True) and counts[0] == pytest.approx(3.0)
    assert [view.sound for view in stand if view.sound] == ["done", "tick", "tick", "tick"]
    meter = [view.progress for view in stand]
    assert meter == sorted(meter) and meter[-1] > 0.9
    assert sum(view.sound == "done" for view in views) == len(WHOLE_PATH) - 1


def test_nothing_is_saved_before_the_last_view(target: Target) -> None:
    saved: list[Profile] = []
    wizard, follower = open_wizard(target, saved), Follower(standing())
    asked = "camera"
    for i in range(60 * FPS):
        view = wizard.step(follower.pose(i / FPS, asked, i), Frame(i, i / FPS, BLANK))
        asked = view.step
        assert bool(saved) == view.finished
        if view.finished:
            return
    pytest.fail("never finished")


def test_the_lines_of_one_who_steps_back_and_forth_are_measured_back(target: Target) -> None:
    follower = Follower(standing(floor=700, height=500), far_scale=0.8, near_scale=1.15, horizon=0.9)
    views, _ = follow(open_wizard(target, []), follower)
    stats = views[-1].stats
    assert stats is not None
    assert (stats.near_y, stats.far_y) == pytest.approx((follower.line(1.15), follower.line(0.8)), abs=2)
    assert (stats.near_height, stats.far_height) == pytest.approx((575, 400), rel=0.01)
    assert views[-1].lines == (stats.near_y, stats.far_y)


def test_one_who_reads_before_walking_is_measured_where_they_walked_to(target: Target) -> None:
    follower = Follower(standing(), reads_s=4.5)
    views, _ = follow(open_wizard(target, []), follower)
    stats = views[-1].stats
    assert stats is not None
    assert (stats.near_y, stats.far_y) == pytest.approx((follower.line(1.1), follower.line(0.85)), abs=2)


def test_one_who_stays_in_place_gets_one_line(target: Target) -> None:
    views, _ = follow(open_wizard(target, []), Follower(standing(), ignores=frozenset({"far", "near"})))
    stats = views[-1].stats
    assert stats is not None and stats.near_y == stats.far_y == pytest.approx(800, abs=1)


@pytest.mark.parametrize("step", ["arms", "mouth", "sit"])
def test_a_step_that_nobody_follows_is_skipped(target: Target, step: str) -> None:
    saved: list[Profile] = []
    wizard = open_wizard(target, saved)
    views, poses = follow(wizard, Follower(standing(), ignores=frozenset({step})))
    assert views[-1].finished and tuple(order(views)) == WHOLE_PATH
    assert poses[-1].t_capture_s < 100
    assert wizard.followed == (step != "arms")
    assert (saved[0].seated is None) == (step == "sit")
    assert saved[0].face is not None and (saved[0].face.open_gap is None) == (step == "mouth")


def test_a_step_that_was_not_followed_says_so_and_is_tried_again(target: Target) -> None:
    views, _ = follow(open_wizard(target, []), Follower(standing(), ignores=frozenset({"arms"})))
    assert [view.sound for view in views if view.sound == "fail"] == ["fail", "fail"]
    assert any(hint.startswith("Once more.") for hint in hints(views, "arms"))
    assert any("Stretch both arms" in hint for hint in hints(views, "arms"))


def test_one_who_does_not_sit_down_is_not_kept_waiting(target: Target) -> None:
    views, _ = follow(open_wizard(target, []), Follower(standing(), ignores=frozenset({"sit"})))
    assert sum(view.step == "sit" for view in views) < 10 * FPS
    assert "fail" not in {view.sound for view in views}


def test_one_who_is_seen_from_the_waist_up_takes_the_short_path(target: Target, half_target: Target) -> None:
    for shown, longest_s in ((target, 13), (half_target, 7)):
        saved: list[Profile] = []
        views, poses = follow(open_wizard(shown, saved), Follower(from_the_waist()))
        assert views[-1].steps == ("camera", "stand", "arms", "face", "mouth", "score", "save")
        assert views[-1].finished and not saved[0].stats.has_legs and saved[0].stats.bones[6:] == (0, 0, 0)
        switched = next(p.t_capture_s for p, v in zip(poses, views, strict=True) if "far" not in v.steps)
        assert switched < longest_s
        assert views[-1].score is not None and "shoulders_px" in views[-1].score


def test_a_seated_performer_is_placed_by_their_seated_measures_in_the_half_framing(half_target: Target) -> None:
    saved: list[Profile] = []
    views, _ = follow(open_wizard(half_target, saved), Follower(standing()))
    assert views[-1].stats is saved[0].seated is not None
    assert saved[0].stats.has_legs


def test_nobody_in_view_is_told_and_ends_it(target: Target) -> None:
    saved: list[Profile] = []
    wizard = open_wizard(target, saved)
    view = None
    for i in range(int((AWAY_S + 100) * FPS)):
        view = wizard.step(Pose.empty(i, i / FPS, (640, 480)), Frame(i, i / FPS, BLANK))
        if i == 2 * FPS:
            assert "cannot see you" in view.hint
        if view.cancelled:
            break
    assert view is not None and view.cancelled and not view.finished and "Nothing was saved" in view.text
    assert i / FPS == pytest.approx(AWAY_S, abs=0.1) and saved == []


def test_one_who_never_stands_still_ends_it(target: Target) -> None:
    rng = np.random.default_rng(1)
    saved: list[Profile] = []
    wizard, base = open_wizard(target, saved), standing()
    for i in range(200 * FPS):
        moved = base.points_px + np.float32(150 * np.sin(i / 5)) + rng.normal(0, 1, (137, 2)).astype(np.float32)
        view = wizard.step(replace(base, frame_id=i, t_capture_s=i / FPS, points_px=moved), Frame(i, i / FPS, BLANK))
        if view.cancelled:
            break
    assert view.cancelled and i / FPS < 90 and saved == []


def test_cancelling_saves_nothing_and_stays(target: Target) -> None:
    saved: list[Profile] = []
    wizard, follower = open_wizard(target, saved), Follower(standing())
    for i in range(20 * FPS):
        wizard.step(follower.pose(i / FPS, "stand", i), Frame(i, i / FPS, BLANK))
    wizard.cancel()
    wizard.cancel()
    first = wizard.step(follower.pose(20.1, "stand", 700), Frame(700, 20.1, BLANK))
    again = wizard.step(follower.pose(20.2, "stand", 701), Frame(701, 20.2, BLANK))
    assert first.cancelled and again.cancelled and not first.finished and saved == []
    assert (first.sound, again.sound) == ("fail", "")


def test_a_picture_that_changes_its_size_ends_it(target: Target) -> None:
    wizard, follower = open_wizard(target, []), Follower(standing())
    wizard.step(follower.pose(0, "camera", 0), Frame(0, 0, BLANK))
    view = wizard.step(replace(follower.pose(0.1, "camera", 1), image_size=(640, 480)), Frame(1, 0.1, BLANK))
    assert view.cancelled and "size" in view.text


def test_a_profile_that_cannot_be_saved_is_told_and_not_raised(target: Target) -> None:
    def full_disk(profile: Profile) -> None:
        raise CalibrationError("cannot save", got="No space left on device")

    wizard = Wizard(target, name="me", performer="me", camera="c", save=full_disk)
    views, _ = follow(wizard, Follower(standing()))
    assert views[-1].cancelled and not views[-1].finished and "No space left" in views[-1].text


def test_a_pose_that_is_given_in_a_reused_buffer_is_copied(target: Target) -> None:
    wizard, follower = open_wizard(target, []), Follower(standing())
    given_pose = follower.pose(0, "camera", 0)
    wizard.step(given_pose, Frame(0, 0, BLANK))
    kept = wizard.poses[0].points_px.copy()
    given_pose.points_px[:] = 0
    assert np.array_equal(wizard.poses[0].points_px, kept)


def test_the_same_poses_give_the_same_profile(target: Target, tmp_path: Path) -> None:
    first: list[Profile] = []
    views, poses = follow(open_wizard(target, first), Follower(standing()))
    second: list[Profile] = []
    replayed = open_wizard(target, second)
    again = [replayed.step(pose, Frame(pose.frame_id, pose.t_capture_s, BLANK)) for pose in poses]
    assert again == views and first == second


@pytest.mark.parametrize(("late_s", "every"), [(0.0, 1), (2.0, 1), (1.0, 2)])
def test_a_recorded_performer_is_followed_also_by_a_late_wizard_that_misses_frames(
    target: Target, late_s: float, every: int
) -> None:
    saved: list[Profile] = []
    wizard, follower = open_wizard(target, saved), Follower(standing())
    for pose in scheduled(follower)[int(late_s * FPS) :: every]:
        wizard.step(pose, Frame(pose.frame_id, pose.t_capture_s, BLANK))
    assert len(saved) == 1 and wizard.followed and saved[0].seated is not None
    assert saved[0].stats.near_y == pytest.approx(follower.line(follower.near_scale), abs=2)
    assert saved[0].stats.far_y == pytest.approx(follower.line(follower.far_scale), abs=2)


@pytest.mark.parametrize("late_s", [0.0, 2.0])
def test_a_recorded_caller_is_followed_too(half_target: Target, late_s: float) -> None:
    saved: list[Profile] = []
    wizard = open_wizard(half_target, saved)
    for pose in scheduled(Follower(from_the_waist()), HALF_SCHEDULE)[int(late_s * FPS) :]:
        wizard.step(pose, Frame(pose.frame_id, pose.t_capture_s, BLANK))
    assert len(saved) == 1 and wizard.followed and not saved[0].stats.has_legs

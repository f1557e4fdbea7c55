from dataclasses import replace

import numpy as np
import pytest

from live.puppet import topology as top
from live.puppet.geometry.body_stats import LARGEST_PICTURE, fit_stats
from live.puppet.geometry.first_guess import first_guess
from tests.live.puppet.figure import clip, figure, pose, without

TARGET = fit_stats(clip([460] * 40, [400] * 40, x=256))
LEGS = (top.R_ANKLE, top.L_ANKLE, top.R_KNEE, top.L_KNEE)


def test_a_whole_figure_gives_its_own_height_and_place() -> None:
    guess = first_guess(pose(figure(floor=900, height=600, x=700)), TARGET, valid_score=0.3)
    assert guess is not None
    assert guess.size == pytest.approx(600, rel=0.01)
    assert (guess.near_y + guess.far_y) / 2 == pytest.approx(900, abs=0.5)
    assert guess.hip_x == pytest.approx(700, abs=0.5)
    assert guess.torso / guess.size == pytest.approx(TARGET.torso / TARGET.size)


def test_hips_and_neck_that_are_not_numbers_do_no_harm() -> None:
    points = figure(floor=900, height=600, x=700)
    points[[top.MID_HIP, top.NECK]] = np.nan
    guess = first_guess(pose(points), TARGET, valid_score=0.3)
    assert guess is not None and guess.neck_x == pytest.approx(700, abs=0.5)


def test_the_raised_foot_does_not_lift_the_floor() -> None:
    points = figure(floor=900, height=600, x=700)
    points[top.R_ANKLE, 1] = 700
    guess = first_guess(pose(points), TARGET, valid_score=0.3)
    assert guess is not None and guess.near_y == pytest.approx(900, abs=0.5)


@pytest.mark.parametrize("hidden", [LEGS, (*LEGS, top.NOSE), (top.NOSE,), (top.MID_HIP,), (top.NOSE, top.NECK)])
def test_without_ankles_hips_or_nose_the_shoulders_set_the_size_and_the_neck_the_place(hidden: tuple[int, ...]) -> None:
    points = figure(floor=900, height=600, x=700)
    guess = first_guess(pose(points, scores=without(*hidden)), TARGET, valid_score=0.3)
    assert guess is not None
    assert guess.shoulder == pytest.approx(float(points[top.L_SHOULDER, 0] - points[top.R_SHOULDER, 0]), rel=0.01)
    assert (guess.neck_x, guess.neck_y) == pytest.approx(tuple(points[top.NECK]), abs=0.5)


def test_a_performer_of_a_cartoon_is_guessed_to_have_a_persons_proportions() -> None:
    cartoon = replace(TARGET, head=1.9 * TARGET.torso, bones=tuple(3 * bone for bone in TARGET.bones))
    points = figure(floor=900, height=600, x=700)
    for hidden in ((), (*LEGS, top.NOSE)):
        guess = first_guess(pose(points, scores=without(*hidden)), cartoon, valid_score=0.3)
        assert guess is not None and guess.torso == pytest.approx(600 / 3.05, rel=0.15)
        assert guess.head / guess.torso == pytest.approx(0.25) and guess.bones[0] == pytest.approx(guess.torso)
        assert guess.bones[6] / guess.torso == pytest.approx(0.82)


@pytest.mark.parametrize("hidden", [top.R_SHOULDER, top.L_SHOULDER])
def test_without_both_shoulders_there_is_no_guess(hidden: int) -> None:
    assert first_guess(pose(figure(floor=900, height=600), scores=without(hidden)), TARGET, valid_score=0.3) is None


def test_a_joint_below_the_valid_score_is_not_seen() -> None:
    scores = without()
    scores[top.R_SHOULDER] = 0.29
    assert first_guess(pose(figure(floor=900, height=600), scores=scores), TARGET, valid_score=0.3) is None


def test_a_figure_of_no_size_gives_no_guess() -> None:
    flat = np.full((top.K, 2), 300, np.float32)
    assert first_guess(pose(flat), TARGET, valid_score=0.3) is None


@pytest.mark.parametrize("where", [{"floor": 9e5, "height": 9e5}, {"floor": 9e5, "height": 600, "x": -9e5}])
def test_a_figure_larger_or_farther_than_any_picture_gives_no_guess_or_one_that_can_be(where: dict[str, float]) -> None:
    guess = first_guess(pose(figure(**where)), TARGET, valid_score=0.3)
    assert guess is None or max(guess.image_size) <= LARGEST_PICTURE


def test_one_who_stands_on_their_head_gives_no_guess() -> None:
    points = figure(floor=900, height=600)
    points[:, 1] = 1200 - points[:, 1]
    assert first_guess(pose(points), TARGET, valid_score=0.3) is None


@pytest.mark.parametrize("joint", [top.NOSE, top.R_ANKLE, top.L_ANKLE])
def test_a_joint_that_is_not_a_number_is_not_seen(joint: int) -> None:
    points = figure(floor=900, height=600)
    points[joint] = np.nan
    guess = first_guess(pose(points), TARGET, valid_score=0.3)
    assert guess is not None and guess.size == pytest.approx(600, rel=0.02)

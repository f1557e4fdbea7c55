from dataclasses import replace

import numpy as np
import pytest

from live.puppet import topology as top
from tests.live.puppet.paper import paper_atlas
from tests.train.film import shot
from train.atlas.sample import TakeFrames
from train.films.quality.agreement import agreement, measure_fit, weight_of

ARM = [top.R_ELBOW, top.R_WRIST, *range(top.R_HAND.start, top.R_HAND.stop)]


@pytest.fixture(scope="module")
def film() -> TakeFrames:
    return shot(24)


def wrong_arm(film: TakeFrames) -> TakeFrames:
    """The right arm of frame 9 points elsewhere."""
    points = film.points_px.copy()
    shoulder = points[9, top.R_SHOULDER]
    points[9, ARM] = shoulder - (points[9, ARM] - shoulder) * (1.0, 1.0)
    return replace(film, points_px=points)


def test_the_doll_in_its_own_pose_agrees(film: TakeFrames) -> None:
    told: list[int] = []
    found = agreement(film, paper_atlas(), valid_score=0.3, progress=lambda: told.append(1))
    assert found.min() > 0.97 and len(told) == 24


def test_a_wrong_arm_loses_its_weight_and_the_others_keep_theirs(film: TakeFrames) -> None:
    found = agreement(wrong_arm(film), paper_atlas(), valid_score=0.3)
    factor = weight_of(found, film.weight)
    assert factor[9] < 0.5 and (np.delete(factor, 9) == 1).all() and factor.dtype == np.float32


def test_the_median_is_that_of_the_trusted_frames() -> None:
    agreements = np.array([0.9, 0.9, 0.9, 0.1, 0.1, 0.1, 0.1], np.float32)
    weight = np.array([1, 1, 1, 0, 0, 0, 0], np.float32)
    assert weight_of(agreements, weight).tolist() == [1, 1, 1, 0, 0, 0, 0]
    assert weight_of(agreements, np.zeros(7, np.float32)).tolist() == [1] * 7


def test_the_factor_fades_between_its_edges() -> None:
    agreements = np.array([0.9, 0.9, 0.9, 0.82, 0.79], np.float32)
    assert weight_of(agreements, np.ones(5, np.float32)) == pytest.approx([1, 1, 1, 0.5, 0.125], abs=1e-3)


def test_the_fit_is_worse_for_worse_poses(film: TakeFrames) -> None:
    good = measure_fit(film, paper_atlas(), valid_score=0.3)
    off = replace(film, points_px=film.points_px + np.float32(3))
    bad = measure_fit(off, paper_atlas(), valid_score=0.3)
    assert good.matte < 0.02 < bad.matte and good.colour < bad.colour
    nothing = replace(film, weight=np.zeros(24, np.float32))
    assert np.isnan(measure_fit(nothing, paper_atlas(), valid_score=0.3).matte)

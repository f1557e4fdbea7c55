import numpy as np
import pytest

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.geometry.body_stats import BodyStats, fit_stats
from tests.live.puppet.figure import figure, pose
from tests.live.puppet.paper import torso_of
from train.atlas.sample import TakeFrames
from train.films.quality.coverage import DIRECTIONS, SECTORS, Coverage, cover
from train.films.quality.coverage_picture import HEIGHT, RED, WIDTH, draw_coverage

STANDING = figure(floor=230, height=200, x=128, arms=0.0)


def stats() -> BodyStats:
    return fit_stats([pose(STANDING, t_s=i / 30) for i in range(40)])


def covered(points: list[F32], *, weight: float = 1.0, scores: F32 | None = None) -> Coverage:
    count = len(points)
    seen = np.ones((count, top.K), np.float32) if scores is None else np.tile(scores, (count, 1))
    size = np.full(count, torso_of(STANDING))
    rgba = np.zeros((count, 2, 2, 4), np.uint8)
    return cover([TakeFrames(rgba, np.array(points), seen, size, np.full(count, weight, np.float32))], [stats()])


def arms(angle: float) -> F32:
    return figure(floor=230, height=200, x=128, arms=angle)


@pytest.mark.parametrize("sector", range(5))
def test_both_arms_point_outwards_in_one_sector(sector: int) -> None:
    found = covered([arms(sector * np.pi / 4)] * 60)
    for name in ("right upper arm", "left upper arm", "right forearm", "left forearm"):
        assert np.flatnonzero(found.limbs[name]).tolist() == [sector] and found.limbs[name][sector] == 1.0


def test_what_was_not_filmed_is_asked_for_by_name() -> None:
    found = covered([arms(0.0)] * 60 + [arms(np.pi)] * 60)
    assert "left upper arm out to the side" in found.missing and "right forearm out to the side" in found.missing
    assert not {"left upper arm up", "left upper arm down"} & set(found.missing)
    assert 2 in found.thin["left upper arm"] and 4 not in found.thin["left upper arm"]


def test_seen_from_behind_outwards_stays_outwards() -> None:
    behind = arms(np.pi / 2)
    behind[:, 0] = 256 - behind[:, 0]
    found = covered([behind] * 60)
    assert np.flatnonzero(found.limbs["left upper arm"]).tolist() == [DIRECTIONS.index("out to the side")]
    assert found.behind == 1.0


def test_frames_of_weight_0_do_not_count() -> None:
    assert covered([arms(0.0)] * 60, weight=0.0).frames == 0


def test_limbs_that_are_never_seen_are_not_asked_for() -> None:
    scores = np.ones(top.K, np.float32)
    scores[[top.R_KNEE, top.L_KNEE, top.R_ANKLE, top.L_ANKLE]] = 0
    assert not any("leg" in words for words in covered([arms(0.0)] * 60, scores=scores).missing)


def test_turns_and_nods_of_the_head_are_told_apart() -> None:
    turned = []
    for shift in (-0.7, 0.0, 0.7):
        points = arms(0.0)
        half = (points[top.L_EAR, 0] - points[top.R_EAR, 0]) / 2
        points[top.NOSE, 0] += shift * half
        turned += [points] * 30
    found = covered(turned)
    assert found.head.sum(axis=0) == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3, 0], abs=0.01)
    assert not any(words.startswith("head turned") for words in found.missing)
    assert "head turned left" in covered([arms(0.0)] * 60).missing


def test_hands_are_counted_by_side() -> None:
    scores = np.ones(top.K, np.float32)
    scores[top.L_HAND] = 0
    assert covered([arms(0.0)] * 60, scores=scores).hands == (1.0, 0.0)


def test_the_picture_marks_what_is_missing() -> None:
    everywhere = [arms(s * np.pi / 4) for s in range(SECTORS)] * 30
    thin, full = draw_coverage(covered([arms(0.0)] * 60)), draw_coverage(covered(everywhere))
    assert thin.shape == full.shape == (HEIGHT, WIDTH, 3) and thin.dtype == np.uint8
    red = [(picture[250:350, 800:1000] == RED).all(axis=2).sum() for picture in (thin, full)]
    assert red[0] > 400 > red[1]


def test_no_frames_at_all_can_be_drawn() -> None:
    assert draw_coverage(covered([arms(0.0)], weight=0.0)).shape == (HEIGHT, WIDTH, 3)

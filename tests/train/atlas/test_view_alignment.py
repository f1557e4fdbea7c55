from dataclasses import replace

import numpy as np
import pytest

from live.puppet.drawing.atlas import Atlas, PartViews
from live.puppet.drawing.parts import PART_NAMES
from tests.live.puppet.paper import paper_atlas, torso_of
from tests.train.film import puppet, wave
from train.atlas import view_alignment
from train.atlas.sample import TakeFrames
from train.atlas.view_alignment import align_views

SIDE, COUNT = 256, 30
TORSO = PART_NAMES.index("torso")


@pytest.fixture(scope="module")
def shot() -> TakeFrames:
    points = np.array([wave(2 * i, side=SIDE) for i in range(COUNT)])
    frames = np.array([puppet(p, side=SIDE) for p in points])
    size = np.array([torso_of(p) for p in points], np.float32)
    return TakeFrames(frames, points, np.ones((COUNT, points.shape[1]), np.float32), size, np.ones(COUNT, np.float32))


def displaced(atlas: Atlas, part: int, rows: int, columns: int) -> Atlas:
    """The same atlas, one part's textures moved by whole texels."""
    views = atlas.parts[part]
    moved = PartViews(np.roll(views.rgba, (rows, columns), axis=(1, 2)), views.keys)
    return replace(atlas, parts=(*atlas.parts[:part], moved, *atlas.parts[part + 1 :]))


def middle(atlas: Atlas, part: int) -> np.ndarray:
    """Row and column of the middle of the first view."""
    return np.argwhere(atlas.parts[part].rgba[0, ..., 3] > 127).mean(axis=0)


@pytest.mark.parametrize("shift", [(6, 0), (-5, 0), (0, 5)])
def test_a_view_that_lies_beside_the_film_is_moved_back(shot: TakeFrames, shift: tuple[int, int]) -> None:
    true = paper_atlas()
    wrong = displaced(true, TORSO, *shift)
    off = [
        np.linalg.norm(middle(a, TORSO) - middle(true, TORSO))
        for a in (wrong, align_views(wrong, [shot], valid_score=0.3))
    ]
    assert off[1] < 0.7 * off[0]


def test_views_that_lie_right_hardly_move(shot: TakeFrames) -> None:
    true = paper_atlas()
    found = align_views(true, [shot], valid_score=0.3)
    for part in range(len(PART_NAMES)):
        if true.parts[part].rgba[0, ..., 3].any():
            assert np.linalg.norm(middle(found, part) - middle(true, part)) < 2.5, PART_NAMES[part]


def test_shots_that_contradict_each_other_move_nothing(shot: TakeFrames) -> None:
    wrong = displaced(paper_atlas(), TORSO, 6, 0)
    other = replace(shot, points_px=shot.points_px - np.float32([0, 14]))  # drawn above the film by more than that
    found = align_views(wrong, [shot, other], valid_score=0.3)
    assert abs(middle(found, TORSO)[0] - middle(wrong, TORSO)[0]) < 0.5
    assert abs(middle(align_views(wrong, [shot], valid_score=0.3), TORSO)[0] - middle(wrong, TORSO)[0]) > 2


def test_of_two_shots_that_agree_the_smaller_shift_counts() -> None:
    near, far = [np.array([2.0, 1.0])] * 3, [np.array([5.0, -4.0])] * 3
    assert view_alignment._agreed([near, far]).tolist() == [2.0, 0.0]
    assert view_alignment._agreed([[-e for e in near], [-e for e in far]]).tolist() == [-2.0, 0.0]
    assert view_alignment._agreed([]).tolist() == [0.0, 0.0]


def test_a_view_that_is_hardly_seen_stays(shot: TakeFrames) -> None:
    wrong = displaced(paper_atlas(), TORSO, 6, 0)
    few = shot.until(view_alignment.ENOUGH - 1)
    assert np.array_equal(align_views(wrong, [few], valid_score=0.3).parts[TORSO].rgba, wrong.parts[TORSO].rgba)


def test_moving_a_texture_keeps_its_colours() -> None:
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[5:12, 5:12] = (200, 100, 50, 255)
    moved = view_alignment._shifted(rgba, np.array([2.5, -1.0]))
    seen = moved[..., 3] > 0
    assert np.argwhere(seen).mean(axis=0) == pytest.approx([10.5, 7.0], abs=0.1)
    assert np.abs(moved[seen][:, :3].astype(int) - (200, 100, 50)).max() <= 1

from dataclasses import replace

import numpy as np
import pytest

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.drawing.fit import as_complex
from live.puppet.drawing.mouth import mouth_found, mouth_key, mouth_place
from live.puppet.drawing.parts import EXTENTS, PART_NAMES, part_frames
from live.puppet.values import PlacedPose
from tests.live.puppet.figure import figure, without
from tests.live.puppet.paper import draw_doll, flat_atlas, torso_of

STANDING = figure(floor=235, height=165, x=128, arms=0.8)
SIZE = torso_of(STANDING)
RIGHT, UPPER, LEFT, LOWER, INNER_UPPER, INNER_LOWER = (top.FACE.start + n for n in (48, 51, 54, 57, 62, 66))
RED = (255, 0, 0)
MOUTH = PART_NAMES.index("mouth")


def with_lips(*, gap: float = 0.0, width: float = 10.0, at: tuple[float, float] = (128.0, 90.0)) -> F32:
    points = STANDING.copy()
    points[RIGHT], points[LEFT] = (at[0] - width / 2, at[1]), (at[0] + width / 2, at[1])
    points[UPPER], points[INNER_UPPER] = (at[0], at[1] - gap / 2 - 2), (at[0], at[1] - gap / 2)
    points[LOWER], points[INNER_LOWER] = (at[0], at[1] + gap / 2 + 2), (at[0], at[1] + gap / 2)
    return points


def key_of(points: F32) -> tuple[float, ...]:
    return mouth_key(as_complex(points), 1j, (0.3, 0.0, 0.0), SIZE)


def test_the_mouth_is_where_the_lips_are() -> None:
    assert mouth_place(as_complex(with_lips(gap=6, at=(140, 95)))) == pytest.approx(140 + 95j)


def test_the_key_tells_open_from_closed_and_wide_from_round() -> None:
    closed, open_, wide = key_of(with_lips()), key_of(with_lips(gap=5)), key_of(with_lips(width=14))
    assert closed[0] == 0 and open_[0] > 0.2 and open_[1] == closed[1]
    assert wide[1] > closed[1] + 0.1 and wide[0] == closed[0]


def test_lips_that_cross_count_as_closed() -> None:
    assert key_of(with_lips(gap=-4))[0] == 0


@pytest.mark.parametrize("lost", [RIGHT, UPPER, LEFT, LOWER, INNER_UPPER, INNER_LOWER])
def test_a_mouth_is_found_by_all_its_lips(lost: int) -> None:
    assert mouth_found(without(), 0.3) and not mouth_found(without(lost), 0.3)


def test_no_mouth_is_drawn_without_a_face_in_profile_or_from_behind() -> None:
    placed = PlacedPose(0, 0.0, with_lips(), without(), SIZE)
    atlas = flat_atlas({"mouth": RED})
    assert draw_doll(atlas, placed, (256, 256)).any()
    assert not draw_doll(atlas, replace(placed, scores=without(*range(25, 95))), (256, 256)).any()
    for share in (0.1, -1.0):
        turned, middle = with_lips(), STANDING[[top.L_EAR, top.R_EAR]].mean(axis=0)
        turned[[top.L_EAR, top.R_EAR]] = middle + share * (STANDING[[top.L_EAR, top.R_EAR]] - middle)
        assert not draw_doll(atlas, replace(placed, points_px=turned), (256, 256)).any()


def test_the_mouth_rolls_with_the_head_and_is_drawn_over_it() -> None:
    frames, valid, _ = part_frames(with_lips(), without(), SIZE, 0.3, EXTENTS)
    down = frames[MOUTH, :, 0] / np.linalg.norm(frames[MOUTH, :, 0])
    assert valid[MOUTH] and down == pytest.approx([0, 1], abs=0.02)
    placed = PlacedPose(0, 0.0, with_lips(), without(), SIZE)
    both = draw_doll(flat_atlas({"mouth": RED, "head": (0, 0, 255)}), placed, (256, 256))
    assert tuple(both[90, 128, :3]) == RED

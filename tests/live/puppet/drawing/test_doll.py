from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import U8
from live.puppet import topology as top
from live.puppet.drawing.atlas import Atlas, PartViews
from live.puppet.drawing.doll import Doll
from live.puppet.drawing.fit import KEY_SIZE
from live.puppet.drawing.parts import EXTENTS, PART_NAMES, PARTS, part_frames
from live.puppet.values import PlacedPose
from tests.live.puppet.figure import figure, without
from tests.live.puppet.paper import blotches, draw_doll, flat_atlas, paper_atlas, torso_of

CANVAS = (256, 256)
STANDING = figure(floor=235, height=165, x=128, arms=0.8)
SIZE = torso_of(STANDING)
PLACED = PlacedPose(0, 0.0, STANDING, without(), SIZE)
RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
INDEX = {name: i for i, name in enumerate(PART_NAMES)}


def with_views(name: str, rgba: U8, keys: list[list[float]]) -> Atlas:
    """An atlas whose only part has these views. A short key is filled up with zeros."""
    parts = list(flat_atlas({}).parts)
    whole = [[*key, *[0.0] * (KEY_SIZE - len(key))] for key in keys]
    parts[INDEX[name]] = PartViews(rgba, np.array(whole, np.float32))
    return Atlas(tuple(parts), EXTENTS.copy())


def flat_views(*colours: tuple[int, int, int]) -> U8:
    return np.array([np.tile([*colour, 255], (8, 8, 1)) for colour in colours], np.uint8)


def colours_of(doll: U8) -> set[tuple[int, ...]]:
    return {tuple(int(v) for v in pixel) for pixel in doll[doll[..., 3] == 255][:, :3]}


@pytest.mark.parametrize("name", ["torso", "head", "r_upper_arm", "l_forearm", "r_hand", "l_thigh", "r_foot"])
def test_a_texture_is_drawn_back_to_where_it_was_cut_from(name: str) -> None:
    builder = pytest.importorskip("train.atlas.sample", reason="cutting textures is the trainer's")
    picture = np.dstack([blotches(256, 256, seed=5, cells=24), np.full((256, 256), 255, np.uint8)])
    frames, _, keys = part_frames(STANDING, without(), SIZE, 0.3, EXTENTS)
    number = INDEX[name]
    shape = (round(np.hypot(*frames[number, :, 0])), round(2 * np.hypot(*frames[number, :, 1])))
    texture = builder.rectify(picture, frames[number], shape)
    doll = draw_doll(with_views(name, texture[None], [keys[number].tolist()]), PLACED, CANVAS)
    inner = doll[..., 3] == 255
    area = abs(np.linalg.det(frames[number, :, :2])) * 2
    assert inner.sum() > 0.8 * area
    assert np.abs(doll[inner][:, :3].astype(int) - picture[inner][:, :3]).mean() < 0.8  # a shift by 0.15 px gives more


def test_the_view_nearest_to_the_skeletons_is_drawn() -> None:
    turned = STANDING.copy()
    turned[top.NOSE, 0] += 12
    keys = [part_frames(p, without(), SIZE, 0.3, EXTENTS)[2][INDEX["head"]].tolist() for p in (STANDING, turned)]
    atlas = with_views("head", flat_views(RED, GREEN), keys)
    assert colours_of(draw_doll(atlas, PLACED, CANVAS)) == {RED}
    assert colours_of(draw_doll(atlas, replace(PLACED, points_px=turned), CANVAS)) == {GREEN}


def test_a_hand_that_was_not_found_is_drawn_as_its_most_typical_view() -> None:
    atlas = with_views("r_hand", flat_views(RED, GREEN), [[0.4, 0.4, 0.4], [0.0, 0.0, 0.01]])
    lost = replace(PLACED, scores=without(*range(top.R_HAND.start, top.R_HAND.stop)))
    assert colours_of(draw_doll(atlas, lost, CANVAS)) == {RED}


def test_a_view_of_a_smaller_hand_is_enlarged_to_the_hand() -> None:
    key = part_frames(STANDING, without(), SIZE, 0.3, EXTENTS)[2][INDEX["r_hand"]]
    areas = [
        (draw_doll(with_views("r_hand", flat_views(RED), [(share * key).tolist()]), PLACED, CANVAS)[..., 3] > 127).sum()
        for share in (1.0, 0.8)
    ]
    assert areas[1] == pytest.approx(areas[0] / 0.64, rel=0.06)


def test_a_head_lies_where_all_of_its_points_are() -> None:
    key = part_frames(STANDING, without(), SIZE, 0.3, EXTENTS)[2][INDEX["head"]].tolist()
    atlas = with_views("head", flat_views(RED), [key])
    moved = STANDING.copy()
    moved[top.FACE] += np.float32([0, 3])
    centres = [
        np.argwhere(draw_doll(atlas, replace(PLACED, points_px=p), CANVAS)[..., 3] > 127).mean(axis=0)
        for p in (STANDING, moved)
    ]
    assert 1.2 < (centres[1] - centres[0])[0] < 1.8, "half of them stay"


def test_a_mouth_lies_on_the_lips_of_its_head_wherever_the_lips_were_found() -> None:
    head, mouth = INDEX["head"], INDEX["mouth"]
    key = part_frames(STANDING, without(), SIZE, 0.3, EXTENTS)[2][head]
    doll = Doll(with_views("head", flat_views(RED), [key.tolist()]), valid_score=0.3)
    moved = STANDING.copy()
    moved[top.FACE.start + 48 : top.FACE.start + 68] += np.float32([5, 4])
    on_head = []
    for points in (STANDING, moved):
        frames, valid, _ = doll.lay(replace(PLACED, points_px=points))
        assert valid[mouth]
        before, after, _ = EXTENTS[mouth]
        lips = frames[mouth, :, 2] + frames[mouth, :, 0] * before / (before + after)
        on_head.append(np.linalg.solve(frames[head, :, :2], lips - frames[head, :, 2]) * SIZE)
    assert np.linalg.norm(on_head[1] - on_head[0]) < 0.5, "the points went 6.4 px"


def test_a_forearm_ends_where_its_hand_begins() -> None:
    moved = STANDING.copy()
    moved[top.R_HAND] += np.float32([-9, 4])
    atlas = flat_atlas({"r_forearm": RED})
    there = draw_doll(atlas, replace(PLACED, points_px=moved), CANVAS)
    body = moved.copy()
    body[top.R_WRIST] += np.float32([-9, 4])
    assert np.array_equal(there, draw_doll(atlas, replace(PLACED, points_px=body), CANVAS))
    assert not np.array_equal(there, draw_doll(atlas, PLACED, CANVAS))


def test_a_limb_that_points_at_the_camera_is_still_drawn() -> None:
    points = STANDING.copy()
    points[top.L_ELBOW] = points[top.L_SHOULDER]
    doll = draw_doll(flat_atlas({"l_upper_arm": RED}), replace(PLACED, points_px=points), CANVAS)
    part = PARTS[INDEX["l_upper_arm"]]
    rows, columns = (np.flatnonzero(doll[..., 3].any(axis=axis)) for axis in (1, 0))
    assert len(rows) == pytest.approx((part.before + part.after) * SIZE, abs=3)
    assert len(columns) == pytest.approx(2 * part.half_width * SIZE, abs=3)


def test_a_rim_too_faint_to_have_a_colour_is_left_out() -> None:
    fading = np.full((1, 64, 64, 4), 200, np.uint8)
    fading[0, ..., 3] = np.abs(np.linspace(-255, 255, 64)).astype(np.uint8)
    doll = draw_doll(with_views("torso", fading, [[0.0]]), PLACED, CANVAS)
    drawn = doll[..., 3] > 0
    assert doll[drawn][:, 3].min() >= 16 and not doll[~drawn].any()
    assert np.abs(doll[drawn][:, :3].astype(int) - 200).max() <= 8, "the texture's colour, also where it is thin"


def test_hands_are_drawn_over_the_torso_from_the_front_and_under_it_from_behind() -> None:
    atlas = flat_atlas({"torso": RED, "r_hand": GREEN})
    points = STANDING.copy()
    chest = (points[top.NECK] + points[top.MID_HIP]) / 2
    points[top.R_HAND] += chest - points[top.R_WRIST]
    points[top.R_WRIST] = chest
    x, y = chest.astype(int)
    front = draw_doll(atlas, replace(PLACED, points_px=points), CANVAS)
    assert tuple(front[y, x, :3]) == GREEN
    points[:, 0] = 256 - points[:, 0]
    behind = draw_doll(atlas, replace(PLACED, points_px=points), CANVAS)
    assert tuple(behind[y, 256 - x, :3]) == RED


def test_an_unseen_limb_is_left_out() -> None:
    doll = draw_doll(flat_atlas({"r_forearm": BLUE}), replace(PLACED, scores=without(top.R_WRIST)), CANVAS)
    assert not doll.any()


def test_alpha_is_straight_and_colours_keep_their_strength_at_soft_edges() -> None:
    rgba = np.zeros((1, 16, 16, 4), np.uint8)
    rgba[...] = (200, 100, 50, 0)
    rgba[:, 2:-2, 2:-2, 3] = 128
    doll = draw_doll(with_views("torso", rgba, [[0, 0, 0]]), PLACED, CANVAS)
    soft = doll[doll[..., 3] > 60]
    assert (doll[..., 3] <= 128).all() and len(soft) > 100
    assert np.abs(soft[:, :3].astype(int) - [200, 100, 50]).max() <= 4


def test_the_empty_atlas_draws_nothing() -> None:
    assert not draw_doll(Atlas.empty(), PLACED, CANVAS).any()


def test_a_figure_outside_the_canvas_draws_nothing() -> None:
    for shift in ((-3000, 0), (3000, 0), (0, -3000), (0, 3000)):
        moved = replace(PLACED, points_px=STANDING + np.array(shift, np.float32))
        assert not draw_doll(paper_atlas(), moved, CANVAS).any()


def test_a_figure_cut_by_the_edge_is_drawn_as_far_as_the_edge() -> None:
    whole = draw_doll(paper_atlas(), PLACED, CANVAS).astype(int)
    moved = replace(PLACED, points_px=STANDING + np.float32([-128, 0]))
    cut = draw_doll(paper_atlas(), moved, CANVAS).astype(int)
    difference = np.abs(cut[:, :128] - whole[:, 128:]).max(axis=2)
    assert (difference > 3).mean() < 0.001 and cut[:, 0, 3].any()


@pytest.mark.parametrize("size", [3.0, 700.0])
def test_tiny_and_huge_figures_are_drawn(size: float) -> None:
    points = (STANDING - 128) * (size / SIZE) + 128
    doll = draw_doll(paper_atlas(), PlacedPose(0, 0.0, points.astype(np.float32), without(), size), CANVAS)
    assert doll[..., 3].any()


@given(data=st.data())
def test_drawing_is_clipped_at_the_canvas_whatever_the_points(data: st.DataObject) -> None:
    wild = st.floats(-(2.0**127), 2.0**127, width=32) | st.floats(-600, 900, width=32) | st.just(float("nan"))
    points = STANDING.copy()
    for joint in data.draw(st.lists(st.integers(0, 24), max_size=8)):
        points[joint] = data.draw(wild), data.draw(wild)
    size = data.draw(st.floats(-10.0, 3000.0) | st.just(2.0**127))
    doll = Doll(
        paper_atlas() if data.draw(st.booleans()) else flat_atlas({"torso": RED, "head": BLUE}), valid_score=0.3
    )
    around = np.full((64 + 2, 64 + 2, 4), 99, np.uint8)
    doll.draw(PlacedPose(0, 0.0, points, without(), size), around[1:-1, 1:-1])
    around[1:-1, 1:-1] = 99
    assert (around == 99).all()


@pytest.mark.parametrize("name", ["torso", "r_forearm", "head", "mouth"])
def test_a_part_between_two_views_keeps_the_one_it_has_and_one_that_clearly_changes_does_not(name: str) -> None:
    number = INDEX[name]
    key = part_frames(STANDING, without(), SIZE, 0.3, EXTENTS)[2][number]
    near, far = key.copy(), key.copy()
    near[:2] += 0.01
    far[:2] += 3.0
    atlas = with_views(name, flat_views(RED, GREEN, BLUE), [near.tolist(), key.tolist(), far.tolist()])
    doll, out = Doll(atlas, valid_score=0.3), np.empty((256, 256, 4), np.uint8)
    for before, wanted in ((None, GREEN), (0, RED), (1, GREEN), (2, GREEN)):
        kept = None if before is None else np.full(len(PARTS), before)
        views = doll.draw(PLACED, out, kept=kept)
        assert colours_of(out) == {wanted} and views[number] == [RED, GREEN, BLUE].index(wanted)


def test_a_hand_that_is_lost_for_a_moment_keeps_its_view() -> None:
    key = part_frames(STANDING, without(), SIZE, 0.3, EXTENTS)[2][INDEX["r_hand"]]
    atlas = with_views("r_hand", flat_views(RED, GREEN), [(0.5 * key[::-1]).tolist(), key.tolist()])
    doll, out = Doll(atlas, valid_score=0.3), np.empty((256, 256, 4), np.uint8)
    views = doll.draw(PLACED, out)
    assert colours_of(out) == {GREEN}
    lost = replace(PLACED, scores=without(*range(top.R_HAND.start, top.R_HAND.stop)))
    nowhere = replace(PLACED, scores=without(top.R_WRIST, *range(top.R_HAND.start, top.R_HAND.stop)))
    views = doll.draw(lost, out, kept=doll.draw(nowhere, out, kept=views))
    assert colours_of(out) == {GREEN} and views[INDEX["r_hand"]] == 1

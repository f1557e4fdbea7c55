from dataclasses import replace

import numpy as np
import pytest

from live.puppet import topology as top
from live.puppet.atlas import Atlas
from live.puppet.parts import PART_NAMES, PARTS
from live.puppet.values import PlacedPose
from tests.live.puppet.figure import figure
from tests.live.puppet.paper import blotches, draw_doll, torso_of
from tests.train.film import SIDE, puppet, shot
from train.atlas.atlas_builder import Shot, build_atlas, cut_out, group_views, rectify
from train.errors import TrainError


@pytest.fixture(scope="module")
def film() -> Shot:
    return shot(60)


@pytest.fixture(scope="module")
def built(film: Shot) -> Atlas:
    return build_atlas([film], valid_score=0.3)


def views_of(atlas: Atlas, name: str) -> np.ndarray:
    return atlas.parts[PART_NAMES.index(name)].rgba


def keys() -> np.ndarray:
    """Three clouds of 90, 60 and 12 view keys."""
    rng = np.random.default_rng(0)
    clouds = [rng.normal(centre, 0.03, (n, 3)) for centre, n in ((0.0, 90), (1.0, 60), (-1.0, 12))]
    return np.concatenate(clouds)


def test_the_doll_of_the_built_atlas_looks_like_the_film(film: Shot, built: Atlas) -> None:
    for i in (0, 25, 50):
        placed = PlacedPose(i, 0.0, film.points_px[i], film.scores[i], float(film.size_px[i]))
        doll = draw_doll(built, placed, (SIDE, SIDE))
        ours, true = doll[..., 3] > 127, film.rgba[i, ..., 3] > 127
        assert (ours & true).sum() > 0.85 * (ours | true).sum()
        wrong = np.abs(doll[..., :3].astype(int) - film.rgba[i, ..., :3])[ours & true].mean()
        assert wrong < 20, f"frame {i}"  # two frames of the film differ by more than twice that


def test_building_is_deterministic(film: Shot, built: Atlas) -> None:
    again = build_atlas([film], valid_score=0.3)
    for a, b in zip(built.parts, again.parts, strict=True):
        assert np.array_equal(a.rgba, b.rgba) and np.array_equal(a.keys, b.keys)


def test_progress_is_told_once_a_part(film: Shot) -> None:
    told: list[int] = []
    build_atlas([film], valid_score=0.3, progress=lambda: told.append(1))
    assert len(told) == len(PARTS)


def test_a_limb_that_is_never_seen_is_transparent(film: Shot) -> None:
    scores = film.scores.copy()
    scores[:, top.R_ANKLE] = 0
    atlas = build_atlas([replace(film, scores=scores)], valid_score=0.3)
    assert not views_of(atlas, "r_shin").any() and not views_of(atlas, "r_foot").any()
    assert views_of(atlas, "l_shin").any()


@pytest.mark.parametrize(("joint", "part"), [(top.MID_HIP, "torso"), (top.NOSE, "head")])
def test_without_a_torso_or_head_there_is_no_atlas(film: Shot, joint: int, part: str) -> None:
    scores = film.scores.copy()
    scores[:, joint] = 0
    with pytest.raises(TrainError, match=f"the {part} is hardly ever seen"):
        build_atlas([replace(film, scores=scores)], valid_score=0.3)


def test_frames_of_low_weight_are_not_cut_from(film: Shot, built: Atlas) -> None:
    frames, weight = film.rgba.copy(), film.weight.copy()
    frames[::3], weight[::3] = (255, 0, 255, 255), 0.3
    atlas = build_atlas([replace(film, rgba=frames, weight=weight)], valid_score=0.3)
    for part in atlas.parts:
        seen = part.rgba[part.rgba[..., 3] > 127].astype(int)
        assert np.abs(seen[:, :3] - [255, 0, 255]).sum(axis=1).min() > 60


def test_groups_are_the_same_each_time_largest_first_and_nearest_member_first() -> None:
    table = keys()
    first, again = group_views(table, 3), group_views(table, 3)
    for (centre_a, members_a), (centre_b, members_b) in zip(first, again, strict=True):
        assert np.array_equal(centre_a, centre_b) and np.array_equal(members_a, members_b)
    assert [len(members) for _, members in first] == [90, 60, 12]
    for centre, members in first:
        distance = np.linalg.norm(table[members] - centre, axis=1)
        assert (np.diff(distance) >= 0).all()
    assert sorted(np.concatenate([members for _, members in first]).tolist()) == list(range(162))


def test_a_rare_view_gets_a_group_of_its_own_and_a_wrong_pose_does_not() -> None:
    table = np.concatenate([keys(), [[9.0, 9.0, 9.0]]])
    centres = np.array([centre for centre, _ in group_views(table, 3)])
    for cloud in (0, 1, -1):
        assert np.abs(centres - cloud).max(axis=1).min() < 0.1


def test_a_part_is_cut_out_upright() -> None:
    picture = np.dstack([blotches(96, 96, seed=3), np.full((96, 96), 255, np.uint8)])
    along, across, corner = (0.0, 40.0), (-15.0, 0.0), (50.0, 20.0)  # the bone runs down, v points left
    texture = rectify(picture, np.stack([along, across, corner], axis=1), (40, 30))
    assert np.array_equal(texture, picture[20:60, 35:65][:, ::-1])


def test_edges_are_free_of_the_background_that_shines_through() -> None:
    texture = np.full((60, 60, 4), 255, np.uint8)  # white background
    texture[10:50, 10:50] = (200, 40, 40, 255)
    texture[..., 3] = 0
    texture[10:50, 10:50, 3] = 255
    texture[9, 10:50] = texture[50, 10:50] = (228, 148, 148, 128)  # a blend of both
    cut = cut_out(texture, np.ones((20, 20), np.float32))
    edge = cut[[9, 50], 15:45]
    assert (edge[..., 3] > 0).all() and (edge[..., 3] < 255).all()
    assert np.abs(edge[..., :3].astype(int) - [200, 40, 40]).max() < 15
    assert not cut[:5, :, 3].any() and (cut[20:40, 20:40] == (200, 40, 40, 255)).all()


def test_hands_without_finger_points_are_what_lies_beyond_the_wrist(film: Shot) -> None:
    scores = film.scores.copy()
    scores[:, top.L_HAND] = scores[:, top.R_HAND] = 0
    built = build_atlas([replace(film, scores=scores)], valid_score=0.3)
    for name in ("r_hand", "l_hand"):
        assert len(views_of(built, name)) == 1 and (views_of(built, name)[..., 3] > 200).mean() > 0.15
    placed = PlacedPose(0, 0.0, film.points_px[0], scores[0], float(film.size_px[0]))
    doll = draw_doll(built, placed, (SIDE, SIDE))
    ours, true = doll[..., 3] > 127, film.rgba[0, ..., 3] > 127
    assert (ours & true).sum() > 0.85 * (ours | true).sum()


def test_a_grey_arm_beside_a_grey_coat_is_cut_where_it_stands_free() -> None:
    angles = [*np.linspace(0.02, 0.12, 60), *np.linspace(1.0, 1.6, 16)]  # it hangs, and sometimes it is stretched out
    points = np.array([figure(floor=119, height=79, x=64, arms=angle) for angle in angles])
    rgba = np.array([puppet(p) for p in points])
    rgba[..., :3] = np.where(rgba[..., 3:] > 0, 130, 0)  # one colour: nothing but the outline tells
    size = np.array([torso_of(p) for p in points])
    grey = Shot(rgba, points, np.ones((76, top.K), np.float32), size, np.ones(76, np.float32))
    arm = views_of(build_atlas([grey], valid_score=0.3), "r_forearm")[0, ..., 3] > 127
    rim = arm.shape[1] // 8
    assert np.concatenate([arm[:, :rim], arm[:, -rim:]], axis=1).mean() < 0.1
    assert arm[:, arm.shape[1] // 2].mean() > 0.7

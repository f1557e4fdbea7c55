from dataclasses import replace

import cv2
import numpy as np
import pytest

from live.puppet import topology as top
from live.puppet.drawing.atlas import Atlas
from live.puppet.drawing.parts import EXTENTS, PART_NAMES, PARTS, part_frames
from live.puppet.values import PlacedPose
from tests.live.puppet.figure import figure
from tests.live.puppet.paper import blotches, draw_doll, torso_of
from tests.train.film import SIDE, puppet, shot
from train.atlas.atlas_builder import build_atlas, group_views, whole_hands, whole_heads
from train.atlas.cut_out import cut_out, rounded, texels_of, without_crumbs
from train.atlas.limb_samples import still_samples
from train.atlas.sample import Sample, TakeFrames, rectify
from train.atlas.trunk import beside_neck, sleeves, trunk_mask
from train.errors import TrainError


@pytest.fixture(scope="module")
def film() -> TakeFrames:
    return shot(60)


@pytest.fixture(scope="module")
def built(film: TakeFrames) -> Atlas:
    return build_atlas([film], valid_score=0.3)


def views_of(atlas: Atlas, name: str) -> np.ndarray:
    return atlas.parts[PART_NAMES.index(name)].rgba


def keys() -> np.ndarray:
    """Three clouds of 90, 60 and 12 view keys."""
    rng = np.random.default_rng(0)
    clouds = [rng.normal(centre, 0.03, (n, 3)) for centre, n in ((0.0, 90), (1.0, 60), (-1.0, 12))]
    return np.concatenate(clouds)


def test_the_doll_of_the_built_atlas_looks_like_the_film(film: TakeFrames, built: Atlas) -> None:
    for i in (0, 25, 50):
        placed = PlacedPose(i, 0.0, film.points_px[i], film.scores[i], float(film.size_px[i]))
        doll = draw_doll(built, placed, (SIDE, SIDE))
        ours, true = doll[..., 3] > 127, film.rgba[i, ..., 3] > 127
        assert (ours & true).sum() > 0.85 * (ours | true).sum()
        wrong = np.abs(doll[..., :3].astype(int) - film.rgba[i, ..., :3])[ours & true].mean()
        assert wrong < 20, f"frame {i}"  # two frames of the film differ by more than twice that


def test_building_is_deterministic(film: TakeFrames, built: Atlas) -> None:
    again = build_atlas([film], valid_score=0.3)
    for a, b in zip(built.parts, again.parts, strict=True):
        assert np.array_equal(a.rgba, b.rgba) and np.array_equal(a.keys, b.keys)


def test_progress_is_told_once_a_part(film: TakeFrames) -> None:
    told: list[int] = []
    build_atlas([film], valid_score=0.3, progress=lambda: told.append(1))
    assert len(told) == len(PARTS)


def test_a_limb_that_is_never_seen_is_transparent(film: TakeFrames) -> None:
    scores = film.scores.copy()
    scores[:, top.R_ANKLE] = 0
    atlas = build_atlas([replace(film, scores=scores)], valid_score=0.3)
    assert not views_of(atlas, "r_shin").any() and not views_of(atlas, "r_foot").any()
    assert views_of(atlas, "l_shin").any()


@pytest.mark.parametrize(("joint", "part"), [(top.MID_HIP, "torso"), (top.NOSE, "head")])
def test_without_a_torso_or_head_there_is_no_atlas(film: TakeFrames, joint: int, part: str) -> None:
    scores = film.scores.copy()
    scores[:, joint] = 0
    with pytest.raises(TrainError, match=f"the {part} is hardly ever seen"):
        build_atlas([replace(film, scores=scores)], valid_score=0.3)


def test_frames_of_low_weight_are_not_cut_from(film: TakeFrames, built: Atlas) -> None:
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


def test_hands_without_finger_points_are_what_lies_beyond_the_wrist(film: TakeFrames) -> None:
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
    grey = TakeFrames(rgba, points, np.ones((76, top.K), np.float32), size, np.ones(76, np.float32))
    arm = views_of(build_atlas([grey], valid_score=0.3), "r_forearm")[0, ..., 3] > 127
    rim = arm.shape[1] // 8
    assert np.concatenate([arm[:, :rim], arm[:, -rim:]], axis=1).mean() < 0.1
    assert arm[:, arm.shape[1] // 2].mean() > 0.7


def test_a_hands_view_carries_the_fingers_it_was_cut_with(film: TakeFrames) -> None:
    points, hand = film.points_px.copy(), PART_NAMES.index("r_hand")
    for i, frame in enumerate(points):  # the fingers spread, differently in every frame
        wrist = frame[top.R_HAND.start]
        frame[top.R_HAND] = wrist + (frame[top.R_HAND] - wrist) * np.float32([1 + 0.3 * np.sin(1.3 * i), 1])
    built = build_atlas([replace(film, points_px=points)], valid_score=0.3)
    poses = zip(points, film.scores, film.size_px, strict=True)
    seen = np.array([part_frames(p, s, float(size), 0.3, EXTENTS)[2][hand] for p, s, size in poses], np.float32)
    assert len(built.parts[hand].keys) > 1
    for key in built.parts[hand].keys:
        assert (np.abs(seen - key).max(axis=1) < 1e-6).any()


def test_crumbs_beside_a_part_are_taken_away_and_its_soft_rim_stays() -> None:
    texture = np.zeros((60, 60, 4), np.uint8)
    texture[10:50, 10:40, 3] = 255
    texture[9, 10:40, 3] = 40
    texture[5:8, 55:58, 3] = 255
    cleaned = without_crumbs(texture)
    assert not cleaned[:, 50:].any() and np.array_equal(cleaned[:, :45], texture[:, :45])
    assert not without_crumbs(np.zeros((8, 8, 4), np.uint8)).any()


def test_a_limb_ends_round_at_its_joints() -> None:
    texture = np.full((120, 60, 4), 255, np.uint8)
    texture[..., 3] = 0
    texture[:, 20:40, 3] = 255  # 20 wide, joints at rows 30 and 90
    ends = rounded(texture, 30, 30)
    assert np.array_equal(ends[30:90], texture[30:90]), "nothing between the joints changes"
    assert not ends[:18, :, 3].any() and not ends[102:, :, 3].any()
    assert ends[21, 30, 3] == 255 and ends[22, 21, 3] == 0, "round, not square"
    toes = rounded(texture, 30, 0)
    assert not toes[:18, :, 3].any() and np.array_equal(toes[60:], texture[60:])


def test_the_built_limbs_end_round(built: Atlas) -> None:
    for name in ("r_forearm", "l_shin"):
        for alpha in views_of(built, name)[..., 3]:
            assert not alpha[0].any() and alpha[len(alpha) // 2].any()


def test_what_a_limb_merges_with_does_not_make_its_end_thick() -> None:
    texture = np.full((120, 60, 4), 255, np.uint8)
    texture[50:, :20, 3] = texture[50:, 40:, 3] = 0  # a shoulder: chest on both sides of the first joint
    ends = rounded(texture, 30, 30)
    assert not ends[10, :, 3].any() and ends[25, 30, 3] == 255


def test_the_field_between_shoulders_and_hips_is_torso() -> None:
    points = figure(floor=460, height=400, x=256, arms=0.4)
    frames, _, _ = part_frames(points, np.ones(top.K, np.float32), torso_of(points), 0.3, EXTENTS)
    frame, shape = frames[PART_NAMES.index("torso")], (140, 110)
    field = trunk_mask(frame, points, torso_of(points), shape)
    chest = (points[top.NECK] + points[top.MID_HIP]) / 2
    (x, y), (sx, sy) = texels_of(frame, np.stack([chest, points[top.L_SHOULDER]]), shape) // 16
    assert field[y, x] == 1 and field[sy, sx] == 0 and 0.1 < field.mean() < 0.6


def test_a_head_of_which_little_is_left_is_no_view() -> None:
    heads = [np.zeros((20, 20, 4), np.uint8) for _ in range(4)]
    for head, rows in zip(heads, (10, 12, 3, 8), strict=True):
        head[:rows, :, 3] = 255
    assert whole_heads(heads, [0, 1, 2, 3]) == [0, 1, 3]
    assert whole_heads(heads, [2]) == [2]


def test_of_a_hands_samples_the_slower_half_is_cut_and_of_other_parts_all(film: TakeFrames) -> None:
    points = film.points_px.copy()
    points[:, top.R_HAND, 0] = (np.arange(len(points))[:, None] / 4) ** 2  # faster and faster
    shots = [replace(film, points_px=points)]
    samples = [Sample(0, i, np.zeros((2, 3)), np.ones(20), 50.0) for i in (40, 10, 30, 20, *range(41, 49), 5, 6)]
    hand, head = (PARTS[PART_NAMES.index(name)] for name in ("r_hand", "head"))
    assert [s.index for s in still_samples(hand, samples, shots)] == [40, 10, 30, 20, 41, 5, 6]
    assert still_samples(head, samples, shots) == samples
    assert still_samples(hand, samples[:4], shots) == samples[:4], "of few, all"


def test_hands_in_pieces_are_not_kept() -> None:
    hands = [np.zeros((20, 20, 4), np.uint8) for _ in range(4)]
    for hand in hands:
        hand[2:12, 2:12, 3] = 255
    hands[1][14:18, 2:12, 3] = 255  # fingers without a palm between
    hands[2][12:14, 2:12, 3] = 128  # hangs on by a shade
    hands[2][14:18, 2:12, 3] = 255
    hands[3][15, 15, 3] = 255  # a crumb
    assert whole_hands(hands, [0, 1, 2, 3]) == [0, 3]
    assert whole_hands(hands, [1, 2]) == [1, 2], "better than none"


def test_hair_that_flies_another_way_in_every_frame_stays_on_the_head(film: TakeFrames) -> None:
    frames = film.rgba.copy()
    for i, (frame, points) in enumerate(zip(frames, film.points_px, strict=True)):
        ears, angle = (points[top.L_EAR] + points[top.R_EAR]) / 2, 0.9 * np.sin(1.7 * i)
        tip = ears + 22 * np.array([np.sin(angle), -np.cos(angle)])
        cv2.line(frame, tuple(map(int, ears)), tuple(map(int, tip)), (255, 0, 255, 255), 2)
    head = views_of(build_atlas([replace(film, rgba=frames)], valid_score=0.3), "head")
    for view in head:
        hair = (view[..., 0] > 200) & (view[..., 1] < 60) & (view[..., 2] > 200) & (view[..., 3] > 127)
        assert hair[: round(0.35 * len(hair))].sum() > 30  # its tip, which is nowhere twice


def test_sleeves_beside_the_torso_are_not_torso_and_shoulders_are() -> None:
    points = figure(floor=460, height=400, x=256, arms=1.4)
    size = torso_of(points)
    frames, _, _ = part_frames(points, np.ones(top.K, np.float32), size, 0.3, EXTENTS)
    frame, shape = frames[PART_NAMES.index("torso")], (140, 160)
    cut = sleeves(frame, points, size, shape)
    shoulder, elbow, chest = points[top.L_SHOULDER], points[top.L_ELBOW], points[top.NECK] + np.float32([0, 20])
    (ax, ay), (bx, by), (cx, cy) = texels_of(frame, np.stack([shoulder, (shoulder + elbow) / 2, chest]), shape) // 16
    assert cut[by, bx] and not cut[ay, ax] and not cut[cy, cx]
    above = beside_neck(frame, points, size, shape)
    ear, neck = points[top.L_EAR], points[top.NECK] + 0.3 * (points[top.NOSE] - points[top.NECK])
    (ex, ey), (nx, ny) = texels_of(frame, np.stack([ear + np.float32([6, 14]), neck]), shape) // 16
    assert above[ey, ex] and not above[ny, nx] and not above[cy, cx]


def test_heads_end_at_the_chin_and_the_neck(film: TakeFrames, built: Atlas) -> None:
    for alpha in views_of(built, "head")[..., 3]:
        assert not alpha[-4:].any() and alpha[len(alpha) // 2].any()

import numpy as np
import pytest

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.drawing.parts import EXTENTS, HAND, HEAD, MOUTH, PART_NAMES, PARTS, drawing_order, part_frames
from tests.live.puppet.figure import figure, without
from tests.live.puppet.paper import torso_of

STANDING = figure(floor=460, height=400, x=256, arms=0.8)
SIZE = torso_of(STANDING)
INDEX = {name: i for i, name in enumerate(PART_NAMES)}


def frames_of(points: F32, *missing: int) -> tuple[F32, F32, F32]:
    return part_frames(points, without(*missing), SIZE, 0.3, EXTENTS)  # type: ignore[return-value]


def from_behind(points: F32) -> F32:
    """The same figure seen from the back: x mirrored, sides kept."""
    return np.stack([512 - points[:, 0], points[:, 1]], axis=1).astype(np.float32)


def side_on(points: F32, *, nose_dx: float) -> F32:
    flat = points.copy()
    flat[:, 0] = 256 + 0.1 * (points[:, 0] - 256)
    flat[top.NOSE, 0] = flat[top.NECK, 0] + nose_dx
    return flat


def place(points: F32, *, name: str) -> int:
    """How near to the viewer a part is drawn: 0 is the farthest."""
    return drawing_order(points, SIZE).tolist().index(INDEX[name])


@pytest.mark.parametrize("part", [p for p in PARTS if p.kind not in (HAND, HEAD, MOUTH)], ids=lambda p: p.name)
def test_a_bones_texture_runs_along_it_and_beyond_both_ends(part: object) -> None:
    number = PARTS.index(part)  # type: ignore[arg-type]
    a, b = STANDING[PARTS[number].a].astype(float), STANDING[PARTS[number].b].astype(float)
    frames, valid, _ = frames_of(STANDING)
    along, across, corner = frames[number].T
    unit = (b - a) / np.linalg.norm(b - a)
    assert valid[number]
    assert corner == pytest.approx(a - unit * PARTS[number].before * SIZE, abs=0.01)
    assert corner + along == pytest.approx(b + unit * PARTS[number].after * SIZE, abs=0.01)
    assert np.dot(along, across) == pytest.approx(0, abs=0.01)
    assert np.linalg.norm(across) == pytest.approx(PARTS[number].half_width * SIZE, abs=0.01)
    assert along[0] * across[1] - along[1] * across[0] > 0  # never mirrored


def test_a_bone_that_points_at_the_camera_keeps_its_round_ends() -> None:
    points = STANDING.copy()
    points[top.L_ELBOW] = points[top.L_SHOULDER]
    frames, valid, _ = frames_of(points)
    number = INDEX["l_upper_arm"]
    along = frames[number, :, 0]
    assert valid[number] and np.isfinite(frames).all()
    assert np.linalg.norm(along) == pytest.approx((PARTS[number].before + PARTS[number].after) * SIZE, abs=0.01)


@pytest.mark.parametrize(("joint", "gone"), [(top.R_WRIST, "r_forearm r_hand"), (top.NOSE, "head mouth")])
def test_a_part_needs_both_its_joints(joint: int, gone: str) -> None:
    _, valid, _ = frames_of(STANDING, joint)
    assert {name for name, there in zip(PART_NAMES, valid, strict=True) if not there} == set(gone.split())


def test_the_head_rolls_with_the_ears() -> None:
    points = STANDING.copy()
    centre = (points[top.L_EAR] + points[top.R_EAR]) / 2
    points[top.L_EAR], points[top.R_EAR] = centre + (15, 15), centre - (15, 15)
    frames, _, _ = frames_of(points)
    down = frames[INDEX["head"], :, 0] / np.linalg.norm(frames[INDEX["head"], :, 0])
    assert abs(down @ np.array([1, 1])) < 0.45 and down[1] > 0  # across the ears, towards the neck
    assert abs(down[0]) > 0.3


def test_a_hand_that_was_not_found_follows_the_forearm_and_has_no_key() -> None:
    frames, valid, keys = frames_of(STANDING, *range(top.R_HAND.start, top.R_HAND.stop))
    number = INDEX["r_hand"]
    bone = (STANDING[top.R_WRIST] - STANDING[top.R_ELBOW]).astype(float)
    along = frames[number, :, 0]
    assert valid[number] and not keys[number].any()
    assert along / np.linalg.norm(along) == pytest.approx(bone / np.linalg.norm(bone), abs=1e-4)


def test_a_found_hand_points_its_own_way() -> None:
    points = STANDING.copy()
    points[top.R_HAND] = points[top.R_WRIST] + np.linspace(0, 1, 21)[:, None] * np.array([0, -60])
    frames, _, keys = frames_of(points)
    along = frames[INDEX["r_hand"], :, 0]
    assert along / np.linalg.norm(along) == pytest.approx([0, -1], abs=1e-4)
    assert keys[INDEX["r_hand"]].any()


def test_view_keys_tell_front_from_back_and_left_from_right() -> None:
    keys = [
        frames_of(points)[2][INDEX["torso"]]
        for points in (STANDING, from_behind(STANDING), side_on(STANDING, nose_dx=-20), side_on(STANDING, nose_dx=20))
    ]
    for i, a in enumerate(keys):
        for b in keys[:i]:
            assert np.linalg.norm(a - b) > 0.3


def test_view_keys_do_not_depend_on_the_distance() -> None:
    near, far = frames_of(STANDING)[2], part_frames(STANDING / 2, without(), SIZE / 2, 0.3, EXTENTS)[2]
    assert near == pytest.approx(far, abs=1e-4)


def test_from_the_front_the_hands_are_before_the_torso_and_from_behind_after_it() -> None:
    for hand in ("r_hand", "l_hand", "r_forearm", "l_forearm"):
        assert place(STANDING, name=hand) > place(STANDING, name="torso")
        assert place(from_behind(STANDING), name=hand) < place(from_behind(STANDING), name="torso")


@pytest.mark.parametrize(("nose_dx", "near", "far"), [(-20, "l", "r"), (20, "r", "l")])
def test_side_on_the_near_arm_and_leg_cover_the_far_ones(nose_dx: float, near: str, far: str) -> None:
    points = side_on(STANDING, nose_dx=nose_dx)
    assert place(points, name=f"{far}_hand") < place(points, name="torso") < place(points, name=f"{near}_hand")
    assert place(points, name=f"{far}_thigh") < place(points, name=f"{near}_thigh")


def test_every_order_draws_every_part_once() -> None:
    for points in (STANDING, from_behind(STANDING), side_on(STANDING, nose_dx=-20), side_on(STANDING, nose_dx=20)):
        assert sorted(drawing_order(points, SIZE).tolist()) == list(range(len(PARTS)))

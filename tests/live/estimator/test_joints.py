import numpy as np
import pytest

from engines.arrays import F32
from live.estimator.joints import believable, belonging, drop_strays
from live.puppet import topology as top
from live.puppet.golden_pose import golden_pose

SHOULDERS, HIPS, WRISTS = (11, 12), (23, 24), (15, 16)
SIZE = (400, 300)


def body(changes: dict[int, tuple[float, float]]) -> F32:
    """(33, 4) of one who stands in a picture of SIZE, visibility 0.9. `changes`: what lies elsewhere, in fractions."""
    points = standing()
    for number, place in changes.items():
        points[number] = np.array(place, np.float32) * SIZE
    return np.column_stack([points, np.full(33, -9, np.float32), np.full(33, 0.9, np.float32)]).astype(np.float32)


def standing() -> F32:
    """(33, 2) pixels: shoulders 100 px above the hips, wrists at the sides, the rest at the nose."""
    points = np.full((33, 2), (200.0, 50.0), np.float32)
    points[[*SHOULDERS, *HIPS, *WRISTS]] = [[230, 100], [170, 100], [220, 200], [180, 200], [280, 200], [120, 200]]
    return points


def part(count: int, root: tuple[float, float]) -> F32:
    """Points 20 px long, the first and the fifth of them near `root`."""
    return np.stack([np.linspace(0, 20, count), np.zeros(count)], 1).astype(np.float32) + np.array(root, np.float32)


@pytest.mark.parametrize(
    ("x", "y", "inside"),
    [
        (0.5, 0.5, True),
        (0.0, 1.0, True),
        (-0.01, 0.5, False),
        (0.5, 1.01, False),
        (0.5, float("nan"), False),
        (float("inf"), 0.5, False),
    ],
)
def test_a_joint_outside_the_picture_is_not_visible(x: float, y: float, inside: bool) -> None:
    table = believable(body({28: (x, y)}), SIZE)
    assert table.shape == (33, 4) and table[16].tolist() == pytest.approx([120, 200, -9, 0.9])
    assert table[28, 3] == pytest.approx(0.9 if inside else 0.0)


@pytest.mark.parametrize(
    ("knee_y", "ankle_y", "seen"), [(0.99, 1.2, False), (0.99, 0.99, True), (0.8, 1.2, True), (0.8, 0.9, True)]
)
@pytest.mark.parametrize(("knee", "ankle"), [(25, 27), (26, 28)])
def test_a_knee_squeezed_to_the_edge_above_an_ankle_out_of_the_picture_is_not_visible(
    knee: int, ankle: int, knee_y: float, ankle_y: float, seen: bool
) -> None:
    table = believable(body({knee: (0.5, knee_y), ankle: (0.5, ankle_y)}), SIZE)
    assert table[knee, 3] == pytest.approx(0.9 if seen else 0.0)
    assert table[51 - knee, 3] == pytest.approx(0.9)  # the other knee


def test_a_hand_found_away_from_its_wrist_is_dropped_and_one_at_its_wrist_is_kept() -> None:
    pose = golden_pose(0)
    points, scores = pose.points_px.copy(), pose.scores.copy()
    for hand, wrist in ((top.L_HAND, top.L_WRIST), (top.R_HAND, top.R_WRIST)):
        points[hand] += points[wrist] - points[hand.start]
    points[top.FACE] += points[top.NOSE] - points[top.FACE.start + 30]
    points[top.R_HAND] += 0.3 * np.linalg.norm(points[top.NECK] - points[top.MID_HIP])
    drop_strays(points, scores)
    assert (scores[top.R_HAND] == 0).all()
    assert (scores[top.L_HAND] == 1).all() and (scores[top.FACE] == 1).all() and (scores[top.BODY] == 1).all()


def test_a_face_found_away_from_the_nose_is_dropped() -> None:
    pose = golden_pose(0)
    points, scores = pose.points_px.copy(), pose.scores.copy()
    points[top.FACE] += 300
    drop_strays(points, scores)
    assert (scores[top.FACE] == 0).all()


def test_parts_at_their_place_are_this_bodys_and_those_elsewhere_or_lost_are_not() -> None:
    face, left, right = part(478, (200, 50)), part(21, (280, 200)), part(21, (120, 200))
    assert belonging(standing(), [face, left, right]) == [True, True, True]
    assert belonging(standing(), [None, None, right]) == [False, False, True]
    assert belonging(standing(), [face + np.float32(90), left, right - np.float32(30)]) == [False, True, False]


def test_of_two_hands_on_one_place_the_arm_that_is_nearer_has_it() -> None:
    points = standing()
    points[list(WRISTS)] = [[200, 200], [190, 200]]
    face, hand = part(478, (200, 50)), part(21, (200, 200))
    assert belonging(points, [face, hand, hand.copy()]) == [True, True, False]
    assert belonging(points, [face, hand, part(21, (190, 215))]) == [True, True, True]


@pytest.mark.parametrize(
    "x, share", [(0.0, 1.0), (1.0, 1.0), (-0.0375, 0.75), (1.0375, 0.75), (1.0749, 0.5), (1.08, 0), (9, 0)]
)
@pytest.mark.parametrize("joint", [13, 14, 15, 16])
def test_an_arms_joint_just_outside_is_a_guess_that_weighs_less_the_farther_out(
    joint: int, x: float, share: float
) -> None:
    table = believable(body({joint: (x, 0.5)}), SIZE)  # the torso is 100 px of 400 long
    assert table[joint, 3] == pytest.approx(0.9 * share, abs=1e-3)
    assert table[joint, 0] == pytest.approx(x * 400)


def test_a_joint_that_is_no_number_is_no_guess() -> None:
    assert believable(body({15: (float("nan"), 0.5)}), SIZE)[15, 3] == 0

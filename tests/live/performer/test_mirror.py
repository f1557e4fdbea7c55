"""The mirror: left and right change places, twice is nothing."""

import numpy as np

from live.performer.mirror import mirror_pose
from live.puppet import topology as T
from live.puppet.values import Pose
from tests.live.tiny_target import walking


def test_mirrored_twice_is_the_pose_itself() -> None:
    pose = walking(1)[0]
    back = mirror_pose(mirror_pose(pose))
    assert np.allclose(back.points_px, pose.points_px, atol=1e-3)
    assert np.array_equal(back.scores, pose.scores)


def test_the_right_wrist_becomes_the_left_one_on_the_other_side() -> None:
    pose = walking(1)[0]
    turned = mirror_pose(pose)
    assert np.allclose(turned.points_px[T.L_WRIST, 0], 639 - pose.points_px[T.R_WRIST, 0])
    assert turned.points_px[T.L_WRIST, 1] == pose.points_px[T.R_WRIST, 1]


def test_a_symmetric_face_stays_a_face() -> None:
    """Jaw, brows, nose, eyes and lips of a face that is its own mirror image keep their places."""
    half = {
        0: (-8, 0),
        8: (0, 12),
        17: (-7, -5),
        21: (-2, -5),
        27: (0, -3),
        31: (-2, 4),
        33: (0, 5),
        36: (-5, -2),
        39: (-2, -2),
    }
    half |= {
        37: (-4, -3),
        41: (-4, -1),
        48: (-3, 7),
        51: (0, 6),
        57: (0, 9),
        59: (-2, 8),
        60: (-2, 7),
        62: (0, 7),
        66: (0, 8),
        67: (-1, 8),
        68: (-3, -2),
    }
    partner = {0: 16, 17: 26, 21: 22, 31: 35, 36: 45, 39: 42, 37: 44, 41: 46, 48: 54, 59: 55, 60: 64, 67: 65, 68: 69}
    points, scores = np.zeros((137, 2), np.float32), np.zeros(137, np.float32)
    for i, (x, y) in half.items():
        points[25 + i] = 50 + x, 50 + y
        points[25 + partner.get(i, i)] = 50 - x, 50 + y
        scores[25 + i] = scores[25 + partner.get(i, i)] = 1
    pose = Pose(0, 0.0, points, np.zeros(137, np.float32), scores, (101, 101))
    seen = scores > 0
    assert np.array_equal(mirror_pose(pose).scores, scores)
    assert np.array_equal(mirror_pose(pose).points_px[seen], points[seen])

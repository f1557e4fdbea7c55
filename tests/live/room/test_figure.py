"""The performer as the page draws them."""

import numpy as np

from live.puppet import topology as T
from live.room.figure import figure_chains, pack_pose
from tests.live.room.fake_director import CAMERA_SIZE, waving_pose


def test_a_pose_is_packed_as_the_page_reads_it() -> None:
    pose = waving_pose(3)
    numbers = np.frombuffer(pack_pose(pose), "<f4")
    assert tuple(numbers[:2]) == CAMERA_SIZE
    joints = numbers[2:].reshape(T.K, 3)
    assert np.array_equal(joints[:, :2], pose.points_px) and np.array_equal(joints[:, 2], pose.scores)


def test_left_is_never_joined_to_right() -> None:
    sides = {i: name[:2] for i, name in enumerate(T.JOINT_NAMES) if name[:2] in ("l_", "r_")}
    for kind, chains in figure_chains().items():
        wanted = {"left": "l_", "left_hand": "l_", "right": "r_", "right_hand": "r_"}.get(kind)
        found = {sides[joint] for chain in chains for joint in chain if joint in sides}
        assert found == ({wanted} if wanted else set()), kind


def test_every_limb_finger_and_face_line_is_drawn() -> None:
    chains = figure_chains()
    joined = {joint for lists in chains.values() for chain in lists for joint in chain}
    assert set(range(T.L_HAND.start, T.R_HAND.stop)) <= joined
    assert {T.FACE.start + i for i in range(68)} <= joined
    assert {T.L_WRIST, T.R_WRIST, T.L_ANKLE, T.R_ANKLE, T.NOSE, T.MID_HIP} <= joined

"""The performer as in a mirror: your left hand moves the puppet's right hand."""

import numpy as np

from live.puppet.topology import FACE, MIRROR
from live.puppet.values import Pose

# iBUG-68 has its own mirror order: each chain reversed, eyes and lips by their corners; then the pupils.
_FACE_MIRROR = [
    *range(16, -1, -1),
    *range(26, 16, -1),
    *range(27, 31),
    *range(35, 30, -1),
    *(45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40),
    *range(54, 47, -1),
    *range(59, 54, -1),
    *range(64, 59, -1),
    *range(67, 64, -1),
    *(69, 68),
]


def mirror_pose(pose: Pose) -> Pose:
    """`pose` as in a mirror: x flipped, left and right joints swapped. New arrays."""
    order = MIRROR.copy()
    order[FACE] = FACE.start + np.array(_FACE_MIRROR)
    points = pose.points_px[order].copy()
    points[:, 0] = pose.image_size[0] - 1 - points[:, 0]
    return Pose(pose.frame_id, pose.t_capture_s, points, pose.depth_px[order], pose.scores[order], pose.image_size)

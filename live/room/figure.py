"""The performer as the page draws them: which joints are connected, and a pose as 1.7 kB instead of a picture."""

import numpy as np

from live.puppet import topology as T
from live.puppet.values import Pose

_MIDDLE = ((T.NOSE, T.NECK), (T.NECK, T.MID_HIP))
_LEFT = (
    (T.NECK, T.L_SHOULDER, T.L_ELBOW, T.L_WRIST),
    (T.MID_HIP, T.L_HIP, T.L_KNEE, T.L_ANKLE, T.L_BIG_TOE),
    (T.NOSE, T.L_EYE, T.L_EAR),
)
_RIGHT = (
    (T.NECK, T.R_SHOULDER, T.R_ELBOW, T.R_WRIST),
    (T.MID_HIP, T.R_HIP, T.R_KNEE, T.R_ANKLE, T.R_BIG_TOE),
    (T.NOSE, T.R_EYE, T.R_EAR),
)


def figure_chains() -> dict[str, list[list[int]]]:
    """For each kind of line, the chains of joints it connects, ready for JSON."""
    hands = {
        side: [[part.start + i for i in finger] for finger in T.HAND_FINGERS]
        for side, part in (("left_hand", T.L_HAND), ("right_hand", T.R_HAND))
    }
    return {
        "middle": [list(chain) for chain in _MIDDLE],
        "left": [list(chain) for chain in _LEFT],
        "right": [list(chain) for chain in _RIGHT],
        **hands,
        "face": [[T.FACE.start + i for i in chain] for chain in T.FACE_CHAINS],
    }


def pack_pose(pose: Pose) -> bytes:
    """(413,) float32, little-endian: width and height of the camera picture, then x, y, score of each of 137 joints."""
    joints = np.column_stack((pose.points_px, pose.scores)).ravel()
    return np.concatenate((pose.image_size, joints)).astype("<f4").tobytes()

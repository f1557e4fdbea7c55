"""The only skeleton in this project, `openpose137`: BODY_25, 70 face points, 21 left-hand and 21 right-hand points.

Left and right are the person's own. Sources: OpenPose doc/02_output.md for the order; MediaPipe's
python/solutions/pose.py, hands.py and the canonical face mesh for the landmarks. The face list follows iBUG-68 and
corrects a widely used list whose jaw and brows sit too high (docs/architecture.md, "Face list").
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from live.puppet.values import BOUND_PX

TOPOLOGY = "openpose137"
K = 137

BODY_NAMES = (
    "nose neck r_shoulder r_elbow r_wrist l_shoulder l_elbow l_wrist mid_hip r_hip r_knee r_ankle l_hip l_knee l_ankle "
    "r_eye l_eye r_ear l_ear l_big_toe l_small_toe l_heel r_big_toe r_small_toe r_heel"
).split()
(
    NOSE,
    NECK,
    R_SHOULDER,
    R_ELBOW,
    R_WRIST,
    L_SHOULDER,
    L_ELBOW,
    L_WRIST,
    MID_HIP,
    R_HIP,
    R_KNEE,
    R_ANKLE,
    L_HIP,
    L_KNEE,
    L_ANKLE,
    R_EYE,
    L_EYE,
    R_EAR,
    L_EAR,
    L_BIG_TOE,
    L_SMALL_TOE,
    L_HEEL,
    R_BIG_TOE,
    R_SMALL_TOE,
    R_HEEL,
) = range(25)
BODY = slice(0, 25)
FACE = slice(25, 95)
L_HAND = slice(95, 116)
R_HAND = slice(116, 137)

JOINT_NAMES = (
    tuple(BODY_NAMES)
    + tuple(f"face_{i}" for i in range(70))
    + tuple(f"l_hand_{i}" for i in range(21))
    + tuple(f"r_hand_{i}" for i in range(21))
)

HAND_FINGERS = tuple(tuple([0, *range(first, first + 4)]) for first in (1, 5, 9, 13, 17))

# iBUG-68 chains inside the 70 face points: jaw, brows, bridge, nostrils, eyes (closed), lips (closed).
FACE_CHAINS = (
    tuple(range(17)),
    tuple(range(17, 22)),
    tuple(range(22, 27)),
    tuple(range(27, 31)),
    tuple(range(31, 36)),
    (*range(36, 42), 36),
    (*range(42, 48), 42),
    (*range(48, 60), 48),
    (*range(60, 68), 60),
)

# BODY_25 to MediaPipe Pose (33), without the midpoints. Small toes copy the big toe, as MediaPipe has only one.
MEDIAPIPE_BODY: dict[int, int] = {
    NOSE: 0,
    R_SHOULDER: 12,
    R_ELBOW: 14,
    R_WRIST: 16,
    L_SHOULDER: 11,
    L_ELBOW: 13,
    L_WRIST: 15,
    R_HIP: 24,
    R_KNEE: 26,
    R_ANKLE: 28,
    L_HIP: 23,
    L_KNEE: 25,
    L_ANKLE: 27,
    R_EYE: 5,
    L_EYE: 2,
    R_EAR: 8,
    L_EAR: 7,
    L_BIG_TOE: 31,
    L_SMALL_TOE: 31,
    L_HEEL: 29,
    R_BIG_TOE: 32,
    R_SMALL_TOE: 32,
    R_HEEL: 30,
}

# iBUG-68 order, then right and left pupil, as indices of MediaPipe's refined face mesh (478 points).
MEDIAPIPE_FACE = np.array(
    (
        "127 234 132 58 172 136 150 176 152 400 379 365 397 288 361 454 356 70 63 105 66 107 336 296 334 293 300 168 "
        "197 5 4 98 97 2 326 327 33 160 158 133 153 144 362 385 387 263 373 380 61 39 37 0 267 269 291 405 314 17 84 "
        "181 78 82 13 312 308 317 14 87 468 473 "
    ).split(),
    dtype=np.int64,
)

# The mirror image of each body and hand joint; face points stay in place here (`live.performer.mirror` swaps them).
# Never used to flip training pictures, which would average the sides of an asymmetric figure.
_BODY_MIRROR = [0, 1, 5, 6, 7, 2, 3, 4, 8, 12, 13, 14, 9, 10, 11, 16, 15, 18, 17, 22, 23, 24, 19, 20, 21]
MIRROR: NDArray[np.int64] = np.array(
    _BODY_MIRROR + list(range(25, 95)) + list(range(116, 137)) + list(range(95, 116)), np.int64
)


def from_mediapipe(
    body: NDArray[np.float32] | None,
    face: NDArray[np.float32] | None,
    left_hand: NDArray[np.float32] | None,
    right_hand: NDArray[np.float32] | None,
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Map MediaPipe Holistic landmarks onto openpose137.

    `body`: (33, 4) x, y, z, visibility; `face`: (478, 3); hands: (21, 3); each None if not found. Units are kept.
    Returns `points` (137, 3) and `scores` (137,), both float32. The neck and mid-hip are midpoints with the smaller
    score of the two ends. Face and hand points have no visibility of their own: they score 1 if found.
    """
    points = np.zeros((K, 3), np.float32)
    scores = np.zeros(K, np.float32)
    if body is not None:
        for joint, landmark in MEDIAPIPE_BODY.items():
            points[joint] = body[landmark, :3]
            scores[joint] = body[landmark, 3]
        for mid, a, b in ((NECK, R_SHOULDER, L_SHOULDER), (MID_HIP, R_HIP, L_HIP)):
            points[mid] = (points[a] + points[b]) / 2
            scores[mid] = min(scores[a], scores[b])
    for part, found in ((FACE, face), (L_HAND, left_hand), (R_HAND, right_hand)):
        if found is not None:
            points[part] = found[MEDIAPIPE_FACE] if part is FACE else found
            scores[part] = 1.0
    return points, scores


def from_openpose(person: Mapping[str, Any]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read one entry of an OpenPose JSON's `people` list into openpose137.

    Takes `pose_keypoints_2d` (75 numbers) and, if present, `face_keypoints_2d` (210), `hand_left_keypoints_2d` and
    `hand_right_keypoints_2d` (63 each), flat x, y, confidence. Returns `points` (137, 2) and `scores` (137,), float32;
    NaN and coordinates beyond BOUND_PX become NaN. Raises ValueError for a list of anything but numbers, or of another
    length (as in BODY_18 and BODY_23 files), which the message states.
    """
    points = np.zeros((K, 2), np.float32)
    scores = np.zeros(K, np.float32)
    keys = (
        ("pose_keypoints_2d", BODY),
        ("face_keypoints_2d", FACE),
        ("hand_left_keypoints_2d", L_HAND),
        ("hand_right_keypoints_2d", R_HAND),
    )
    for key, part in keys:
        flat = person.get(key) or []
        wanted = 3 * (part.stop - part.start)
        if not flat and part is not BODY:
            continue
        if not isinstance(flat, list):
            raise ValueError(f"{key}: got a {type(flat).__name__}, wanted a list of {wanted} numbers")
        if len(flat) != wanted:
            raise ValueError(f"{key}: got {len(flat)} numbers, wanted {wanted} (x, y, confidence for each joint)")
        try:
            table = np.array([float(number) for number in flat]).reshape(-1, 3)
        except (TypeError, OverflowError) as error:
            raise ValueError(f"{key}: {error}") from error
        table[~(np.abs(table) <= BOUND_PX)] = np.nan
        points[part], scores[part] = table[:, :2], np.clip(table[:, 2], 0, 1)
    return points, scores

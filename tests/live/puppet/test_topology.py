import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import F32
from live.puppet import topology as top
from live.puppet.topology import MEDIAPIPE_BODY, MEDIAPIPE_FACE, MIRROR, from_mediapipe, from_openpose

# MediaPipe's names for its 33 landmarks, in order (python/solutions/pose.py, PoseLandmark).
MEDIAPIPE_NAMES = (
    "nose l_eye_inner l_eye l_eye_outer r_eye_inner r_eye r_eye_outer l_ear r_ear mouth_l mouth_r l_shoulder "
    "r_shoulder l_elbow r_elbow l_wrist r_wrist l_pinky r_pinky l_index r_index l_thumb r_thumb l_hip r_hip l_knee "
    "r_knee l_ankle r_ankle l_heel r_heel l_big_toe r_big_toe"
).split()
# iBUG-68 and the two pupils, reflected: which point lies where this one does in a mirror.
IBUG_MIRROR = (
    [*range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1)]
    + [45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40]
    + [54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55, 64, 63, 62, 61, 60, 67, 66, 65, 69, 68]
)
PARTS = {
    "pose_keypoints_2d": top.BODY,
    "face_keypoints_2d": top.FACE,
    "hand_left_keypoints_2d": top.L_HAND,
    "hand_right_keypoints_2d": top.R_HAND,
}


def body() -> F32:
    """MediaPipe landmarks in which every number tells where it came from: x = i, y = 100 + i, z = 200 + i."""
    i = np.arange(33, dtype=np.float32)
    return np.stack([i, 100 + i, 200 + i, 0.5 + i / 100], axis=1)


def flat(part: slice, *, first: float = 0.0, score: float = 0.5) -> list[float]:
    return [value for i in range(part.stop - part.start) for value in (first + i, -i, score)]


def test_every_mediapipe_joint_goes_to_the_joint_of_its_name_and_side() -> None:
    points, scores = from_mediapipe(body(), None, None, None)
    for joint, name in enumerate(top.BODY_NAMES):
        if name in ("neck", "mid_hip"):
            continue
        landmark = MEDIAPIPE_NAMES.index(name.replace("small_toe", "big_toe"))
        assert points[joint].tolist() == [landmark, 100 + landmark, 200 + landmark], name
        assert scores[joint] == pytest.approx(0.5 + landmark / 100), name
    assert len(MEDIAPIPE_BODY) == 23


def test_neck_and_mid_hip_are_midpoints_with_the_smaller_score() -> None:
    table = body()
    table[11, 3], table[24, 3] = 0.1, 0.2  # left shoulder, right hip
    points, scores = from_mediapipe(table, None, None, None)
    assert points[top.NECK].tolist() == [11.5, 111.5, 211.5]
    assert points[top.MID_HIP].tolist() == [23.5, 123.5, 223.5]
    assert scores[[top.NECK, top.MID_HIP]] == pytest.approx([0.1, 0.2])


def test_hands_and_face_score_one_when_found_and_zero_when_not() -> None:
    left, face = np.full((21, 3), 7, np.float32), np.full((478, 3), 9, np.float32)
    points, scores = from_mediapipe(None, face, left, None)
    assert (scores[top.BODY] == 0).all() and (scores[top.R_HAND] == 0).all()
    assert (points[top.L_HAND] == 7).all() and (scores[top.L_HAND] == 1).all()
    assert (points[top.FACE] == 9).all() and (scores[top.FACE] == 1).all()


def test_the_face_list_has_70_different_landmarks_of_the_refined_mesh() -> None:
    assert len(set(MEDIAPIPE_FACE.tolist())) == 70
    assert MEDIAPIPE_FACE.min() >= 0 and MEDIAPIPE_FACE.max() < 478
    assert MEDIAPIPE_FACE[[68, 69]].tolist() == [468, 473]  # the right and the left pupil


def test_the_face_list_is_symmetric() -> None:
    """Mirror pairs of the mesh's own contours (face_mesh_connections.py), outer to inner, right then left."""
    pairs = "33 263 160 387 158 385 133 362 153 380 144 373 61 291 39 269 37 267 84 314 181 405 78 308 82 312 87 317 "
    pairs += "127 356 234 454 132 361 58 288 172 397 136 365 150 379 176 400 70 300 63 293 105 334 66 296 107 336 "
    pairs += "98 327 97 326 468 473"
    numbers = [int(n) for n in pairs.split()]
    other = dict(zip(numbers[::2], numbers[1::2], strict=True))
    other |= {left: right for right, left in other.items()}
    for point, landmark in enumerate(MEDIAPIPE_FACE.tolist()):
        assert MEDIAPIPE_FACE[IBUG_MIRROR[point]] == other.get(landmark, landmark), point


def test_every_face_chain_stays_within_the_70_points() -> None:
    points = {i for chain in top.FACE_CHAINS for i in chain}
    assert points == set(range(68))  # all but the pupils


def test_mirror_swaps_left_and_right_and_is_its_own_inverse() -> None:
    assert MIRROR[MIRROR].tolist() == list(range(top.K))
    for joint, other in enumerate(MIRROR.tolist()):
        name, mirrored = top.JOINT_NAMES[joint], top.JOINT_NAMES[other]
        swapped = {"l": "r", "r": "l"}.get(name[0], name[0]) if name[1] == "_" else name[0]
        assert mirrored == swapped + name[1:]


def test_openpose_reads_every_part_into_its_place() -> None:
    person = {key: flat(part, first=1000 * i) for i, (key, part) in enumerate(PARTS.items())}
    points, scores = from_openpose(person)
    for i, part in enumerate(PARTS.values()):
        n = np.arange(part.stop - part.start)
        assert points[part].tolist() == np.stack([1000 * i + n, -n], axis=1).tolist()
    assert (scores == 0.5).all()


@pytest.mark.parametrize("rest", [{}, {key: [] for key in PARTS if key != "pose_keypoints_2d"}])
def test_openpose_without_face_and_hands_is_a_body(rest: dict[str, list[float]]) -> None:
    _, scores = from_openpose({"pose_keypoints_2d": flat(top.BODY), **rest})
    assert (scores[top.BODY] == 0.5).all() and (scores[25:] == 0).all()


def test_openpose_scores_stay_in_0_to_1() -> None:
    _, scores = from_openpose({"pose_keypoints_2d": flat(top.BODY, score=1.2)})
    assert scores.max() == 1


@given(key=st.sampled_from(sorted(PARTS)), length=st.integers(0, 300))
def test_openpose_lists_of_another_length_are_refused_with_both_lengths(key: str, length: int) -> None:
    person = {"pose_keypoints_2d": flat(top.BODY), key: [0.5] * length}
    wanted = 3 * (PARTS[key].stop - PARTS[key].start)
    if length == wanted or (length == 0 and key != "pose_keypoints_2d"):
        from_openpose(person)
    else:
        with pytest.raises(ValueError, match=rf"{key}: got {length} numbers, wanted {wanted}"):
            from_openpose(person)

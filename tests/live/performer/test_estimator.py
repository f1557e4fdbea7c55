from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import av
import numpy as np
import pytest

from engines.arrays import U8
from live.performer.estimator import HolisticEstimator, RecordedEstimator, _body_table, drop_strays
from live.puppet import topology as top
from live.puppet.golden_pose import golden_pose
from live.puppet.values import Frame, Pose

DEMO = Path(__file__).resolve().parents[3] / "engines" / "targets" / "demo" / "demo_dance.mp4"
LEGS = [top.R_KNEE, top.L_KNEE, top.R_ANKLE, top.L_ANKLE]


def frame(number: int, t_s: float = 7.25, image: U8 | None = None) -> Frame:
    return Frame(number, t_s, np.zeros((48, 64, 3), np.uint8) if image is None else image)


def landmarks(changes: dict[int, tuple[float, float]]) -> SimpleNamespace:
    """33 of MediaPipe's landmarks at the middle of the picture, visibility 0.9, but for those that lie elsewhere."""
    places = [changes.get(i, (0.5, 0.5)) for i in range(33)]
    return SimpleNamespace(landmark=[SimpleNamespace(x=x, y=y, z=-0.1, visibility=0.9) for x, y in places])


def recorded(count: int = 3, *, loop: bool = False) -> RecordedEstimator:
    return RecordedEstimator([golden_pose(i) for i in range(count)], loop=loop)


def picture(clip: Path, *, at: int) -> U8:
    with av.open(str(clip)) as file:
        for number, found in enumerate(file.decode(video=0)):
            if number == at:
                return found.to_ndarray(format="rgb24")
    raise AssertionError(f"{clip.name} has no frame {at}")


@pytest.fixture
def holistic() -> Iterator[HolisticEstimator]:
    pytest.importorskip("mediapipe")
    estimator = HolisticEstimator()
    yield estimator
    estimator.close()


def found_in(estimator: HolisticEstimator, image: U8) -> Pose:
    for number in range(3):  # the tracker settles on the person
        pose = estimator.estimate(frame(number, number / 30, image))
    return pose


def test_a_recorded_pose_takes_the_frames_id_and_time() -> None:
    pose = recorded().estimate(frame(2))
    assert (pose.frame_id, pose.t_capture_s, pose.image_size) == (2, 7.25, (640, 640))
    assert np.array_equal(pose.points_px, golden_pose(2).points_px)


def test_after_the_last_recorded_pose_nobody_is_in_view() -> None:
    pose = recorded().estimate(frame(3))
    assert not pose.in_view and (pose.frame_id, pose.t_capture_s, pose.image_size) == (3, 7.25, (64, 48))


def test_a_loop_begins_again() -> None:
    pose = recorded(loop=True).estimate(frame(7))
    assert pose.frame_id == 7 and np.array_equal(pose.points_px, golden_pose(1).points_px)


def test_an_empty_recording_shows_nobody() -> None:
    assert not RecordedEstimator([], loop=True).estimate(frame(0)).in_view


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
    table = _body_table(landmarks({15: (x, y)}))
    assert table.shape == (33, 4) and table[16].tolist() == pytest.approx([0.5, 0.5, -0.1, 0.9])
    assert table[15, 3] == pytest.approx(0.9 if inside else 0.0)


@pytest.mark.parametrize(
    ("knee_y", "ankle_y", "seen"), [(0.99, 1.2, False), (0.99, 0.99, True), (0.8, 1.2, True), (0.8, 0.9, True)]
)
@pytest.mark.parametrize(("knee", "ankle"), [(25, 27), (26, 28)])
def test_a_knee_squeezed_to_the_edge_above_an_ankle_out_of_the_picture_is_not_visible(
    knee: int, ankle: int, knee_y: float, ankle_y: float, seen: bool
) -> None:
    table = _body_table(landmarks({knee: (0.5, knee_y), ankle: (0.5, ankle_y)}))
    assert table[knee, 3] == pytest.approx(0.9 if seen else 0.0)
    assert table[51 - knee, 3] == pytest.approx(0.9)  # the other knee


def test_an_empty_picture_shows_nobody(holistic: HolisticEstimator) -> None:
    pose = holistic.estimate(frame(5))
    assert not pose.in_view and (pose.frame_id, pose.t_capture_s, pose.image_size) == (5, 7.25, (64, 48))


@pytest.mark.skipif(not DEMO.is_file(), reason=f"no {DEMO.name} in the demo target")
def test_the_demo_dancer_is_found_whole_and_upright(holistic: HolisticEstimator) -> None:
    image = picture(DEMO, at=20)
    pose = found_in(holistic, image)
    height, width = image.shape[:2]
    assert pose.image_size == (width, height) and pose.points_px.shape == (137, 2)
    body = pose.points_px[[top.NOSE, top.NECK, top.MID_HIP, top.R_ANKLE]]
    assert (np.diff(body[:, 1]) > 0).all() and (pose.scores[LEGS] > 0.3).all()
    assert (body >= 0).all() and (body <= [width, height]).all()


@pytest.mark.clips
def test_legs_out_of_the_picture_score_0(holistic: HolisticEstimator, clips: Path) -> None:
    clip = clips / "webcam_signing_half.mp4"
    if not clip.is_file():
        pytest.skip(f"no {clip.name} among the recorded clips")
    pose = found_in(holistic, picture(clip, at=30))
    assert (pose.scores[[top.NOSE, top.R_SHOULDER, top.L_SHOULDER]] > 0.5).all()
    assert (pose.scores[LEGS] == 0).all()
    assert pose.points_px[top.R_SHOULDER, 0] < pose.points_px[top.L_SHOULDER, 0]  # facing us: their right at our left


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

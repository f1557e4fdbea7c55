"""One contract for all estimators, and how near ours is to MediaPipe's own program."""

from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from engines.arrays import F64, U8
from live.estimator.choose import alike
from live.estimator.estimator import PoseEstimator
from live.estimator.holistic import HolisticEstimator
from live.estimator.landmark_estimator import LandmarkEstimator
from live.estimator.recorded import RecordedEstimator
from live.puppet import topology as top
from live.puppet.golden_pose import golden_pose
from live.puppet.values import Frame, Pose
from live.sources.choose import DEMO_CLIP

LEGS = [top.R_KNEE, top.L_KNEE, top.R_ANKLE, top.L_ANKLE]
SEEN, UNIT_PX = 0.3, 160.0  # the score of what is drawn; the torso that the bounds are told for
OPEN: dict[str, Callable[[], PoseEstimator]] = {
    "landmarks": LandmarkEstimator,
    "holistic": HolisticEstimator,
    "recorded": lambda: RecordedEstimator([golden_pose(i) for i in range(200)]),
}
LOOKING = ("landmarks", "holistic")  # those that look at the picture


def pictures(clip: Path, count: int, *, start: int = 0) -> list[U8]:
    with av.open(str(clip)) as file:
        found = [f.to_ndarray(format="rgb24") for _, f in zip(range(start + count), file.decode(video=0), strict=False)]
    assert len(found) == start + count, f"{clip.name} is shorter"
    return found[start:]


def poses(estimator: PoseEstimator, images: list[U8], *, start: int = 0) -> list[Pose]:
    return [estimator.estimate(Frame(start + i, (start + i) / 30, image)) for i, image in enumerate(images)]


@pytest.fixture(scope="module")
def opened() -> Iterator[dict[str, PoseEstimator]]:
    """Each estimator, opened once."""
    estimators = {name: open_one() for name, open_one in OPEN.items()}
    yield estimators
    for estimator in estimators.values():
        estimator.close()


@pytest.fixture(scope="module")
def dance() -> list[U8]:
    """30 pictures of the demo's dancer."""
    return pictures(DEMO_CLIP, 30)


@pytest.fixture
def estimator(opened: dict[str, PoseEstimator], request: pytest.FixtureRequest) -> PoseEstimator:
    found = opened[request.param]
    found.reset()
    return found


@pytest.fixture
def landmarks(opened: dict[str, PoseEstimator]) -> PoseEstimator:
    opened["landmarks"].reset()
    return opened["landmarks"]


@pytest.mark.parametrize("estimator", OPEN, indirect=True)
def test_a_pose_has_its_frames_id_and_time_and_the_topologys_shapes(estimator: PoseEstimator, dance: list[U8]) -> None:
    pose = estimator.estimate(Frame(5, 7.25, dance[5]))
    assert (pose.frame_id, pose.t_capture_s) == (5, 7.25) and pose.in_view
    assert pose.points_px.shape == (137, 2) and pose.depth_px.shape == pose.scores.shape == (137,)
    assert pose.points_px.dtype == pose.depth_px.dtype == pose.scores.dtype == np.float32
    assert (pose.scores >= 0).all() and (pose.scores <= 1).all() and top.TOPOLOGY in estimator.name


@pytest.mark.parametrize("estimator", LOOKING, indirect=True)
@pytest.mark.parametrize("size", [(48, 64), (1, 1), (3, 900), (2160, 3840)])
def test_in_an_empty_picture_of_any_size_is_nobody(estimator: PoseEstimator, size: tuple[int, int]) -> None:
    pose = estimator.estimate(Frame(0, 0.0, np.zeros((*size, 3), np.uint8)))
    assert not pose.in_view and pose.image_size == (size[1], size[0])


@pytest.mark.parametrize("estimator", LOOKING, indirect=True)
def test_the_demos_dancer_is_found_whole_and_upright(estimator: PoseEstimator, dance: list[U8]) -> None:
    pose = poses(estimator, [dance[20]] * 3)[-1]
    height, width = dance[20].shape[:2]
    assert pose.image_size == (width, height)
    body = pose.points_px[[top.NOSE, top.NECK, top.MID_HIP, top.R_ANKLE]]
    assert (np.diff(body[:, 1]) > 0).all() and (pose.scores[LEGS] > SEEN).all()
    assert (body >= 0).all() and (body <= [width, height]).all()


@pytest.mark.parametrize("estimator", LOOKING, indirect=True)
def test_after_a_reset_it_finds_what_a_new_one_finds(estimator: PoseEstimator, dance: list[U8]) -> None:
    first = poses(estimator, dance[:4])
    estimator.reset()
    again = poses(estimator, dance[:4], start=100)
    for one, other in zip(first, again, strict=True):
        assert np.array_equal(one.points_px, other.points_px) and np.array_equal(one.scores, other.scores)


@pytest.mark.parametrize("estimator", LOOKING, indirect=True)
def test_a_large_picture_gives_the_same_pose_in_its_own_pixels(estimator: PoseEstimator, dance: list[U8]) -> None:
    small = poses(estimator, [dance[20]] * 4)[-1]
    estimator.reset()
    large_picture = cv2.resize(dance[20], None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
    large = poses(estimator, [large_picture] * 4)[-1]
    off = np.hypot(*(large.points_px[top.BODY] / 4 - small.points_px[top.BODY]).T)
    assert large.image_size == (4 * small.image_size[0], 4 * small.image_size[1])
    assert np.median(off) < 0.02 * small.image_size[1]


def test_ours_is_as_near_to_holistic_as_two_runs_of_it_are(opened: dict[str, PoseEstimator], dance: list[U8]) -> None:
    away, shakes = compared(opened, dance)
    assert np.median(away["body"]) < 2.5 and np.percentile(away["body"], 95) < 9.0
    assert np.median(away["face"]) < 1.0
    ours, theirs = shakes
    assert ours < 1.15 * theirs


def test_its_poses_are_taken_for_holistics() -> None:
    assert alike(LandmarkEstimator.name, HolisticEstimator.name) and alike("x", "x")
    assert not alike(LandmarkEstimator.name, "openpose/openpose137")


def test_a_second_person_does_not_take_over(landmarks: PoseEstimator, dance: list[U8]) -> None:
    width = dance[0].shape[1]
    alone = [np.hstack([image, np.zeros_like(image)]) for image in dance[:5]]
    two = [np.hstack([image, image]) for image in dance[5:20]]
    for pose in poses(landmarks, alone + two):
        assert pose.in_view and (pose.points_px[[top.NECK, top.MID_HIP], 0] < width).all()


def test_whoever_leaves_is_gone_and_who_comes_is_found(landmarks: PoseEstimator, dance: list[U8]) -> None:
    nobody = [np.zeros_like(dance[0])] * 3
    seen = [pose.in_view for pose in poses(landmarks, dance[:3] + nobody + dance[3:6])]
    assert seen[:3] == [True] * 3 and not any(seen[4:6]) and seen[-1]


def test_pictures_of_another_size_begin_anew(landmarks: PoseEstimator, dance: list[U8]) -> None:
    poses(landmarks, dance[:3])
    smaller = [cv2.resize(image, None, fx=0.5, fy=0.5).astype(np.uint8) for image in dance[3:6]]
    found = poses(landmarks, smaller, start=3)
    landmarks.reset()
    fresh = poses(landmarks, smaller, start=3)
    assert all(np.array_equal(a.points_px, b.points_px) for a, b in zip(found, fresh, strict=True))


@pytest.mark.clips
@pytest.mark.parametrize("clip", ["full_body_dance_static", "webcam_signing_half", "face_closeup"])
def test_on_real_clips_too(opened: dict[str, PoseEstimator], clips: Path, clip: str) -> None:
    away, (ours, theirs) = compared(opened, pictures(clips / f"{clip}.mp4", 60))
    assert np.median(away["body"]) < 2.5 and np.percentile(away["body"], 95) < 9.0 and ours < 1.1 * theirs
    if clip == "face_closeup":
        assert np.percentile(away["face"], 95) < 0.5


@pytest.mark.clips
def test_lips_and_lids_open_as_holistics(opened: dict[str, PoseEstimator], clips: Path) -> None:
    images = pictures(clips / "face_closeup.mp4", 60)
    found = {name: run(opened[name], images)[0] for name in LOOKING}
    face = top.FACE.start
    for upper, lower in ((62, 66), (37, 41), (44, 46)):  # inner lips, right lids, left lids
        ours, theirs = (np.hypot(*(p[:, face + upper] - p[:, face + lower]).T) for p in found.values())
        assert np.corrcoef(ours, theirs)[0, 1] > 0.95


@pytest.mark.clips
@pytest.mark.parametrize("estimator", LOOKING, indirect=True)
def test_legs_out_of_the_picture_score_0(estimator: PoseEstimator, clips: Path) -> None:
    pose = poses(estimator, pictures(clips / "webcam_signing_half.mp4", 1, start=30) * 3)[-1]
    assert (pose.scores[[top.NOSE, top.R_SHOULDER, top.L_SHOULDER]] > 0.5).all()
    assert (pose.scores[LEGS] == 0).all()
    assert pose.points_px[top.R_SHOULDER, 0] < pose.points_px[top.L_SHOULDER, 0]  # facing us: their right at our left


def run(estimator: PoseEstimator, images: list[U8]) -> tuple[F64, F64]:
    """(N, 137, 2) points and (N, 137) scores."""
    estimator.reset()
    found = poses(estimator, images)
    return np.array([p.points_px for p in found], np.float64), np.array([p.scores for p in found], np.float64)


def compared(opened: dict[str, PoseEstimator], images: list[U8]) -> tuple[dict[str, F64], tuple[float, float]]:
    """How far ours is from Holistic, in pixels of a torso of UNIT_PX, by part; and how much each of the two shakes: the
    median second difference of the body's joints.
    """
    (ours, own), (theirs, other) = run(opened["landmarks"], images), run(opened["holistic"], images)
    unit = UNIT_PX / np.median(np.hypot(*(theirs[:, top.NECK] - theirs[:, top.MID_HIP]).T))
    both = (own > SEEN) & (other > SEEN)
    away = np.hypot(*(ours - theirs).transpose(2, 0, 1)) * unit
    steady = (both[2:] & both[1:-1] & both[:-2])[:, top.BODY]
    shakes = [
        float(np.median(np.hypot(*np.diff(points[:, top.BODY], 2, axis=0).transpose(2, 0, 1))[steady]))
        for points in (ours, theirs)
    ]
    parts = {name: away[:, part][both[:, part]] for name, part in (("body", top.BODY), ("face", top.FACE))}
    return parts, (shakes[0], shakes[1])

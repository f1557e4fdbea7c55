"""The promise of the calibration on recorded people: where their figures land. Needs ../shared/data; see `clips`."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from calib.clip import clip_profile, fit_clip
from calib.faces import FaceCounter
from calib.sight import look, seen_joints
from live.estimator.holistic import HolisticEstimator
from live.performer.profile import Profile
from live.puppet import topology as T
from live.puppet.condition import Conditioner
from live.puppet.geometry.body_stats import BodyStats
from live.puppet.values import Frame, Pose
from live.scene.target import Target, open_target
from live.sources.video import VideoSource
from tests.calib.follower import FPS, Follower, follow
from tests.calib.people import open_wizard

pytestmark = pytest.mark.clips


def frames(path: Path, *, every: int = 1, most: int | None = None) -> Iterator[Frame]:
    with closing(VideoSource(path, lambda _: None)) as source:
        while (frame := source.read()) is not None and (most is None or frame.frame_id < most):
            if frame.frame_id % every == 0:
                yield frame


def estimated(path: Path, *, every: int = 1, most: int | None = None) -> list[Pose]:
    """The poses of every so manieth frame of a clip."""
    with closing(HolisticEstimator()) as estimator:
        return [estimator.estimate(frame) for frame in frames(path, every=every, most=most)]


def straightest(poses: list[Pose]) -> Pose:
    """The pose in which the legs are straightest and nearest to each other."""

    def bent(pose: Pose) -> float:
        p = pose.points_px
        legs = ((T.R_HIP, T.R_KNEE, T.R_ANKLE), (T.L_HIP, T.L_KNEE, T.L_ANKLE))
        straight = [
            np.hypot(*(p[h] - p[a])) / (np.hypot(*(p[h] - p[k])) + np.hypot(*(p[k] - p[a]))) for h, k, a in legs
        ]
        return float(abs(p[T.R_ANKLE, 1] - p[T.L_ANKLE, 1]) / look(pose).height_px - np.mean(straight))

    upright = [pose for pose in poses if look(pose).upright and look(pose).facing and seen_joints(pose)[T.BODY].all()]
    return min(upright, key=bent)


def landed(stats: BodyStats, target: Target, follower: Follower, scale: float) -> tuple[float, float]:
    """Where feet and nose of the held figure come out on the canvas, through the whole Conditioner."""
    conditioner = Conditioner(target.puppet, target=target.stats, atlas=target.atlas, performer=stats)
    poses = []
    for i in range(2 * FPS):
        pose = follower.pose(i / FPS, "", i)
        poses.append(conditioner.place(replace(pose, points_px=follower.placed(scale))).points_px)
    points = np.median(poses[FPS:], axis=0)
    return float(points[[T.R_ANKLE, T.L_ANKLE], 1].max()), float(points[T.NOSE, 1])


@pytest.mark.parametrize("name", ["fortnite", "human"])
@pytest.mark.parametrize("clip", ["full_body_man_1080p.mp4", "full_body_dance_static.mp4"])
def test_near_and_far_figures_land_within_3_percent_of_the_targets(
    clips: Path, clip: str, name: str, recorded: dict[str, list[Pose]]
) -> None:
    target = open_target(name, "full")
    follower, saved = Follower(straightest(recorded[clip])), list[Profile]()
    views, _ = follow(open_wizard(target, saved), follower)
    assert views[-1].finished, views[-1]
    stats = target.stats
    for scale, line, height in (
        (follower.near_scale, stats.near_y, stats.near_height),
        (follower.far_scale, stats.far_y, stats.far_height),
    ):
        feet, nose = landed(saved[0].stats, target, follower, scale)
        assert feet == pytest.approx(line, abs=0.03 * height)
        assert nose == pytest.approx(line - height, abs=0.03 * height)
    assert saved[0].after_px is not None and saved[0].before_px is not None
    assert saved[0].after_px < saved[0].before_px


@pytest.mark.parametrize("clip", ["full_body_man_1080p.mp4", "full_body_dance_static.mp4"])
def test_a_clip_of_one_who_just_dances_lands_within_3_percent(
    clips: Path, clip: str, recorded: dict[str, list[Pose]]
) -> None:
    target = open_target("fortnite", "full")
    profile = clip_profile(recorded[clip], target, name="a", performer="me", camera=clip)
    assert profile.after_px is not None and profile.after_px < 0.03 * target.stats.size


def test_shoulders_of_a_caller_land_within_3_percent_of_the_canvas(clips: Path) -> None:
    target, saved = open_target("fortnite", "half"), list[Profile]()
    poses = estimated(clips / "webcam_signing_half.mp4", most=140)  # the first of five people
    views, _ = follow(open_wizard(target, saved), Follower(poses[20]))
    assert views[-1].finished and not saved[0].stats.has_legs
    conditioner = Conditioner(target.puppet, target=target.stats, atlas=target.atlas, performer=saved[0].stats)
    placed = np.median([conditioner.place(pose).points_px for pose in poses], axis=0)
    half = target.stats.shoulder / 2
    for joint, side in ((T.R_SHOULDER, -1), (T.L_SHOULDER, 1)):
        off = np.hypot(*(placed[joint] - (target.stats.neck_x + side * half, target.stats.neck_y)))
        assert off < 0.03 * target.bundle.canvas[0]


def test_the_targets_own_video_as_performer_lands_within_1_percent(clips: Path) -> None:
    film = clips.parent / "targets" / "fortnite" / "target.mp4"
    if not film.is_file():
        pytest.skip("no ../shared/data/targets: the films of the targets are not part of the project")
    target, poses = open_target("fortnite", "full"), estimated(film, every=24)
    own = target.stats.scaled(poses[0].image_size[0] / target.bundle.canvas[0])
    places = [
        Conditioner(target.puppet, target=target.stats, atlas=target.atlas, performer=performer)
        for performer in (fit_clip(poses), own)
    ]
    apart = []
    for pose in poses:
        ours, theirs = (place.place(pose) for place in places)
        seen = seen_joints(pose)[T.BODY]
        if seen.any():
            apart.append(np.hypot(*(ours.points_px[T.BODY] - theirs.points_px[T.BODY])[seen].T).mean())
    assert np.median(apart) < 0.01 * target.stats.size


def test_faces_are_counted(clips: Path) -> None:
    caller = next(frames(clips / "webcam_signing_half.mp4")).image
    with closing(FaceCounter()) as count:
        assert count(caller) == 1
        assert count(np.hstack([caller, caller])) == 2
        assert count(np.zeros_like(caller)) == 0


@pytest.fixture(scope="module")
def recorded() -> dict[str, list[Pose]]:
    """The poses of the two whole-body clips, estimated once for all tests."""
    from tests.conftest import CLIPS

    wanted = {"full_body_man_1080p.mp4": 1, "full_body_dance_static.mp4": 3}
    return {name: estimated(CLIPS / name, every=every) for name, every in wanted.items() if CLIPS.is_dir()}

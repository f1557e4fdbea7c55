import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

import train.films.film
from engines.arrays import F32, U8
from engines.system.whole_folder import mark
from live.performer.recording import load_poses
from live.puppet.drawing.atlas import Atlas
from live.puppet.errors import PuppetError
from live.puppet.values import Frame, Pose
from tests.train.film import CONFIG, SIDE, film_frame, poses, wall, write_video
from tests.train.picture_set import write_picture_set
from train.atlas.atlas_builder import build_atlas
from train.atlas.sample import TakeFrames
from train.dataset.folder import KIND
from train.dataset.loader import open_dataset
from train.dataset.take import first_held_out
from train.errors import TrainError
from train.films import prepare as module
from train.films.film import Film
from train.films.pictures import PictureSet
from train.films.prepare import prepare
from train.films.quality.picture_quality import EDGE_WEIGHT

COUNT = 120
FRAMES = [film_frame(i) for i in range(COUNT)]


class KnownPoses:
    """Stands in for MediaPipe: it knows the pose of every frame; nobody is in view from `LEFT` on."""

    name = "known/openpose137"
    LEFT = COUNT

    def __init__(self) -> None:
        self._poses = poses(COUNT)

    def estimate(self, frame: Frame) -> Pose:
        if frame.frame_id >= self.LEFT:
            return Pose.empty(frame.frame_id, frame.t_capture_s, (SIDE, SIDE))
        return self._poses[frame.frame_id]

    def close(self) -> None:
        return None


class SoftMatte:
    """Stands in for the segmentation network: right, but two pixels too wide and blurred."""

    def cut(self, image: U8, points_px: F32, scores: F32) -> U8:
        differs = (np.abs(image.astype(int) - wall()).max(axis=2) > 12).astype(np.uint8) * 255
        return np.asarray(cv2.GaussianBlur(cv2.dilate(differs, np.ones((5, 5), np.uint8)), (0, 0), 1.0), np.uint8)

    def close(self) -> None:
        return None


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train.films.film, "open_estimator", lambda kind, say: KnownPoses())
    monkeypatch.setattr(train.films.film, "SelfieMatte", SoftMatte)


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("film") / "paper.mkv", [frame[..., :3] for frame in FRAMES])


def matte_video(path: Path, count: int = COUNT) -> Path:
    return write_video(path, [np.repeat(frame[..., 3:], 3, axis=2) for frame in FRAMES[:count]])


def make(video: Path, out: Path, **more: Path) -> Path:
    return prepare([Film(video, **more)], name="paper", out=out, config=CONFIG)


def test_a_video_becomes_a_dataset(video: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make(video, tmp_path)
    dataset = open_dataset(folder)
    take = dataset.takes["full"]
    assert folder == tmp_path / "paper" and "dataset ready" in capsys.readouterr().out
    assert len(take) == COUNT and dataset.estimator == KnownPoses.name and dataset.fps == 30.0
    assert np.array_equal(take.frames[7, ..., :3], FRAMES[7][..., :3])
    true = np.array([frame[..., 3] > 127 for frame in FRAMES])
    assert ((take.frames[..., 3] > 127) != true).mean() < 0.03  # the soft matte: 0.07
    hidden = true.mean(axis=0) > 0.9
    assert np.abs(take.plate.astype(int) - wall())[~hidden].mean() < 3
    assert (take.weight >= EDGE_WEIGHT - 1e-6).mean() > 0.9  # its head touches the picture's upper edge
    assert np.linalg.norm(take.registered_px - take.placed_px, axis=2).mean() < 1.0
    recorded, estimator = load_poses(folder / "full" / "poses.npz")
    assert estimator == KnownPoses.name and len(recorded) == COUNT
    assert np.array_equal(recorded[9].points_px, poses(10)[9].points_px)
    drawn, real = next(dataset.sequence(take, 30, 31))
    ours, there = drawn.doll[..., 3] > 127, real[..., 3] > 127
    assert (ours & there).sum() > 0.8 * (ours | there).sum()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["paper"]


def test_the_doll_is_not_cut_from_frames_that_are_held_out(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = []

    def spied(atlas: Atlas, shots: list[TakeFrames], *, valid_score: float) -> Atlas:
        given.extend(shots)
        return atlas

    def built(shots: list[TakeFrames], **more: Any) -> Atlas:
        given.extend(shots)
        return build_atlas(shots, **more)

    monkeypatch.setattr(module, "align_views", spied)
    monkeypatch.setattr(module, "build_atlas", built)
    make(video, tmp_path)
    assert [len(shot.rgba) for shot in given] == 3 * [first_held_out(COUNT)]
    assert len(given[0].points_px) == len(given[0].weight) == first_held_out(COUNT) < COUNT


def test_what_was_thrown_away_is_said_and_written_down(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(KnownPoses, "LEFT", 110)
    folder = make(video, tmp_path)
    said, report = capsys.readouterr().out, json.loads((folder / "dataset.json").read_text())
    weight = open_dataset(folder).takes["full"].weight
    assert report["thrown_away"]["full"]["no person"] == 10 and (weight[110:] == 0).all()
    assert report["usable"]["full"] == (weight > 0).sum() == 120 - sum(report["thrown_away"]["full"].values())
    assert "10 no person" in said and "usable frames: film 2 minutes more" in said
    assert any("usable frames" in text for text in report["warnings"])
    before, after = report["refinement"]["full"]["before"], report["refinement"]["full"]["after"]
    assert 0 < after["matte"] <= before["matte"] + 0.01 and f"{before['matte']:.3f} -> {after['matte']:.3f}" in said
    assert report["film_more_of"] and f"film more of: {report['film_more_of'][0]}" in said
    assert (folder / "coverage.png").stat().st_size > 10_000


def test_a_frame_whose_pose_is_wrong_loses_its_weight(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = KnownPoses.estimate

    def wrong(self: KnownPoses, frame: Frame) -> Pose:
        pose = right(self, frame)
        beside = np.float32([14, 0]) if frame.frame_id in range(50, 60) else np.float32(0)
        return replace(pose, points_px=pose.points_px + beside)

    monkeypatch.setattr(KnownPoses, "estimate", wrong)
    weight = open_dataset(make(video, tmp_path)).takes["full"].weight
    assert weight[50:60].max() < 0.3 and np.median(weight[:45]) == np.float32(EDGE_WEIGHT)
    assert json.loads((tmp_path / "paper" / "dataset.json").read_text())["thrown_away"]["full"]["unlike the doll"] > 5


def test_videos_and_pictures_with_poses_are_not_mixed(video: Path, tmp_path: Path) -> None:
    pictures = PictureSet(write_picture_set(tmp_path / "set"), "set")
    with pytest.raises(TrainError, match="poses of two kinds for one character; got: known/openpose137 and openp"):
        prepare([Film(video), pictures], name="paper", out=tmp_path / "out", config=CONFIG)
    assert not list((tmp_path / "out").iterdir())


def test_the_users_own_matte_and_plate_are_taken_as_they_are(video: Path, tmp_path: Path) -> None:
    plate = tmp_path / "plate.png"
    own = wall()
    own[:10, :10] = (30, 20, 10)
    cv2.imwrite(str(plate), np.ascontiguousarray(own[..., ::-1]))
    folder = make(video, tmp_path, matte=matte_video(tmp_path / "matte.mkv", 110), plate=plate)
    take = open_dataset(folder).takes["full"]
    assert len(take) == 110  # what has no matte is not used
    assert np.array_equal(take.frames[..., 3], np.array([frame[..., 3] for frame in FRAMES[:110]]))
    assert np.array_equal(take.plate, own)


def test_too_few_frames_with_a_person_are_refused_and_leave_nothing(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(KnownPoses, "LEFT", 99)
    with pytest.raises(TrainError, match=r"too little to learn from in paper\.mkv; got: 99 frames with a person"):
        make(video, tmp_path)
    assert not (tmp_path / "paper").exists()


def test_a_failure_leaves_the_old_dataset_alone(video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "paper").mkdir()
    (tmp_path / "paper" / "old").write_text("mine")
    mark(tmp_path / "paper", KIND)

    def disk_full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(train.films.film, "make_plate", disk_full)
    with pytest.raises(TrainError, match="cannot be written; got: no space"):
        make(video, tmp_path)
    assert (tmp_path / "paper" / "old").read_text() == "mine"


def test_a_person_who_cannot_be_measured_is_refused(
    video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unmeasurable(_: list[Pose]) -> None:
        raise PuppetError("cannot measure the person", got="3 usable", do="stand up")

    monkeypatch.setattr(module, "fit_stats", unmeasurable)
    with pytest.raises(TrainError, match="no person can be measured in paper.mkv; got: 3 usable; do this: stand up"):
        make(video, tmp_path)
    assert not (tmp_path / "paper").exists()


def test_a_plate_that_is_no_picture_is_refused_before_the_work_begins(video: Path, tmp_path: Path) -> None:
    (tmp_path / "plate.png").write_bytes(b"no picture")
    with pytest.raises(PuppetError, match="not a picture"):
        make(video, tmp_path, plate=tmp_path / "plate.png")
    assert [path.name for path in tmp_path.iterdir()] == ["plate.png"]


@pytest.mark.parametrize("kind", ["matte", "plate"])
def test_a_matte_or_plate_of_another_size_is_refused(video: Path, tmp_path: Path, kind: str) -> None:
    small = np.zeros((64, 96, 3), np.uint8)
    path = tmp_path / ("small.png" if kind == "plate" else "small.mkv")
    if kind == "plate":
        cv2.imwrite(str(path), small)
    else:
        write_video(path, [small] * 3)
    with pytest.raises(TrainError, match="differs in size from paper.mkv; got: 96x64; wanted: 128x128"):
        make(video, tmp_path, **{kind: path})

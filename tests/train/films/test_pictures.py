import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.train.film import poses, wave
from tests.train.picture_set import GROUND, person, picture, write_json, write_picture_set, write_rgb
from train.errors import TrainError
from train.films.extracted_source import ExtractedSource
from train.films.openpose import ESTIMATOR
from train.films.pictures import PictureSet, follow_each_other

CANVAS = (128, 128)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_picture_set(tmp_path_factory.mktemp("set") / "paper", 120, without=(40, 41))
    write_json(folder, 7, [person(wave(7)), person(wave(7) + np.float32(20))])
    write_json(folder, 8, [])
    return folder


@pytest.fixture(scope="module")
def watched(given: Path, tmp_path_factory: pytest.TempPathFactory) -> ExtractedSource:
    pictures = PictureSet(given, "paper", fps=25)
    return pictures.watch(pictures.probe(), tmp_path_factory.mktemp("take"), CANVAS)


def test_pictures_and_poses_are_read_in_the_order_of_names(given: Path, watched: ExtractedSource) -> None:
    info = PictureSet(given, "paper", fps=25).probe()
    assert info.size == (128, 128) and info.frames == 120 and info.fps == 25
    assert np.allclose(watched.poses[30].points_px[:25], wave(30)[:25], atol=1e-3)
    assert watched.poses[30].t_capture_s == 30 / 25 and watched.estimator == ESTIMATOR
    frames = np.load(watched.frames)
    assert frames.shape == (120, 128, 128, 4) and np.array_equal(frames[9, ..., :3], picture(9))


def test_a_picture_without_json_shows_nobody(watched: ExtractedSource) -> None:
    assert np.flatnonzero(watched.unread).tolist() == [40, 41]
    assert [i for i, pose in enumerate(watched.poses) if not pose.in_view] == [8, 40, 41]


def test_a_second_person_is_told(watched: ExtractedSource) -> None:
    assert np.flatnonzero(watched.several).tolist() == [7]


def test_the_plate_is_the_ground(watched: ExtractedSource) -> None:
    plate = cv2.imread(str(watched.frames.with_name("plate.png")))[..., ::-1]
    assert np.abs(plate.astype(int) - GROUND).max() <= 2


def test_points_outside_the_picture_are_not_seen(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set", 110)
    points = wave(5).copy()
    points[4] = 140, 60
    write_json(folder, 5, [person(points)])
    pictures = PictureSet(folder, "set")
    found = pictures.watch(pictures.probe(), tmp_path, CANVAS)
    assert found.poses[5].scores[4] == 0 < found.poses[6].scores[4]


def test_a_motion_is_told_from_single_poses() -> None:
    motion = poses(90)
    assert follow_each_other(motion)
    order = np.random.default_rng(0).permutation(90)
    apart = [motion[i] for i in order]
    assert not follow_each_other(apart)


def test_single_poses_get_times_that_no_filter_spans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("train.films.pictures.follow_each_other", lambda poses: False)
    pictures = PictureSet(write_picture_set(tmp_path / "set", 101), "set")
    found = pictures.watch(pictures.probe(), tmp_path, CANVAS)
    assert not found.continuous and np.diff([pose.t_capture_s for pose in found.poses]).min() > 0.5


def test_mixed_sizes_are_refused(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set", 5)
    write_rgb(folder / "images" / "000003.png", np.zeros((64, 96, 3), np.uint8))
    with pytest.raises(TrainError, match=r"differ in size; got: 000003\.png and 0 more: 96x64; wanted: 128x128"):
        PictureSet(folder, "set").probe()


def test_a_picture_that_cannot_be_read_is_left_out_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_picture_set(tmp_path / "set", 5)
    (folder / "images" / "000002.png").write_bytes(b"no picture")
    pictures = PictureSet(folder, "set")
    assert pictures.probe().frames == 4
    assert [path.stem for path, _ in pictures.pairs] == ["000000", "000001", "000003", "000004"]
    assert "set: 1 of 5 pictures are left out: 000002.png" in capsys.readouterr().out


def test_pictures_of_which_none_can_be_read_are_refused(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set", 5)
    for path in (folder / "images").iterdir():
        path.write_bytes(b"no picture")
    with pytest.raises(TrainError, match=r"none of the pictures of set can be read; got: 000000.png, .*, 000004.png; "):
        PictureSet(folder, "set").probe()


def test_names_are_joined_with_capitals_and_without_zeros_and_what_is_alone_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "set"
    (root / "Images").mkdir(parents=True)
    (root / "KEYPOINTS").mkdir()
    for name, i in (("Frame_10.PNG", 2), ("Frame_9.png", 1), ("Frame_7.Png", 0)):
        write_rgb(root / "Images" / name, picture(i))
    for name in (
        "frame_0007_keypoints.json",
        "frame_0009.JSON",
        "frame_10_keypoints.json",
        "frame_11.json",
        "._a.json",
    ):
        (root / "KEYPOINTS" / name).write_text(json.dumps({"people": [person(wave(0))]}))
    (root / "Images" / "._Frame_7.Png").write_bytes(b"of a Mac")
    pictures = PictureSet(root, "set")
    assert pictures.probe().frames == 3
    found = [(path.name, json.name if json else "") for path, json in pictures.pairs]
    assert found == [
        ("Frame_7.Png", "frame_0007_keypoints.json"),
        ("Frame_9.png", "frame_0009.JSON"),
        ("Frame_10.PNG", "frame_10_keypoints.json"),
    ]
    assert "1 poses without a picture: frame_11.json" in capsys.readouterr().out


def test_gaps_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_picture_set(tmp_path / "set", 12)
    for i in (3, 7, 8):
        (folder / "images" / f"{i:06d}.png").unlink()
    PictureSet(folder, "set").probe()
    assert "numbers are missing between its pictures (the gaps are closed): 3, 7 to 8" in capsys.readouterr().out


def test_two_pictures_of_one_name_are_refused(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set", 5)
    write_rgb(folder / "images" / "000003.jpg", picture(3))
    with pytest.raises(TrainError, match=r"two pictures of the same name in set; got: 000003.jpg and 000003.png"):
        PictureSet(folder, "set").probe()


def test_normalised_points_are_scaled_up_and_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_picture_set(tmp_path / "set", 110)
    for i in range(110):
        write_json(folder, i, [person(wave(i) / np.float32(128))])
    pictures = PictureSet(folder, "set")
    found = pictures.watch(pictures.probe(), tmp_path, CANVAS)
    assert np.allclose(found.poses[30].points_px[:25], wave(30)[:25], atol=1e-2)
    assert "set: its points are normalised (0 to 1) and are scaled up to 128x128" in capsys.readouterr().out


def test_a_json_that_is_none_is_refused_before_any_picture_is_read(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set", 5)
    (folder / "images" / "000000.png").write_bytes(b"no picture")
    (folder / "keypoints" / "000004_keypoints.json").write_text("no JSON")
    with pytest.raises(TrainError, match="not an OpenPose file: 000004_keypoints.json"):
        PictureSet(folder, "set").probe()


def test_empty_folders_are_refused(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set", 3, without=(0, 1, 2))
    (folder / "keypoints" / "other.json").write_text("{}")
    with pytest.raises(TrainError, match="no picture of set has a pose; got: 3 pictures, .*: other.json"):
        PictureSet(folder, "set").probe()
    for path in (folder / "images").iterdir():
        path.unlink()
    (folder / "images" / "take1").mkdir()
    with pytest.raises(TrainError, match="no pictures in .*; got: take1/"):
        PictureSet(folder, "set").probe()


def test_too_few_people_are_refused(tmp_path: Path) -> None:
    pictures = PictureSet(write_picture_set(tmp_path / "set", 20), "set")
    with pytest.raises(TrainError, match="too little to learn from in set; got: 20 frames"):
        pictures.watch(pictures.probe(), tmp_path, CANVAS)

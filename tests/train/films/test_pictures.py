from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.train.film import poses, wave
from tests.train.picture_set import GROUND, person, picture, write_json, write_picture_set, write_rgb
from train.errors import TrainError
from train.films.openpose import ESTIMATOR
from train.films.pictures import Pictures, follow_each_other
from train.films.watched import Watched

CANVAS = (128, 128)


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_picture_set(tmp_path_factory.mktemp("set") / "paper", 120, without=(40, 41))
    write_json(folder, 7, [person(wave(7)), person(wave(7) + np.float32(20))])
    write_json(folder, 8, [])
    return folder


@pytest.fixture(scope="module")
def watched(given: Path, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    pictures = Pictures(given, "paper", fps=25)
    return pictures.watch(pictures.probe(), tmp_path_factory.mktemp("take"), CANVAS)


def test_pictures_and_poses_are_read_in_the_order_of_names(given: Path, watched: Watched) -> None:
    info = Pictures(given, "paper", fps=25).probe()
    assert info.size == (128, 128) and info.frames == 120 and info.fps == 25
    assert np.allclose(watched.poses[30].points_px[:25], wave(30)[:25], atol=1e-3)
    assert watched.poses[30].t_capture_s == 30 / 25 and watched.estimator == ESTIMATOR
    frames = np.load(watched.frames)
    assert frames.shape == (120, 128, 128, 4) and np.array_equal(frames[9, ..., :3], picture(9))


def test_a_picture_without_json_shows_nobody(watched: Watched) -> None:
    assert np.flatnonzero(watched.unread).tolist() == [40, 41]
    assert [i for i, pose in enumerate(watched.poses) if not pose.in_view] == [8, 40, 41]


def test_a_second_person_is_told(watched: Watched) -> None:
    assert np.flatnonzero(watched.several).tolist() == [7]


def test_the_plate_is_the_ground(watched: Watched) -> None:
    plate = cv2.imread(str(watched.frames.with_name("plate.png")))[..., ::-1]
    assert np.abs(plate.astype(int) - GROUND).max() <= 2


def test_points_outside_the_picture_are_not_seen(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set", 110)
    points = wave(5).copy()
    points[4] = 140, 60
    write_json(folder, 5, [person(points)])
    pictures = Pictures(folder, "set")
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
    pictures = Pictures(write_picture_set(tmp_path / "set", 101), "set")
    found = pictures.watch(pictures.probe(), tmp_path, CANVAS)
    assert not found.continuous and np.diff([pose.t_capture_s for pose in found.poses]).min() > 0.5


def test_mixed_sizes_are_refused(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set", 5)
    write_rgb(folder / "images" / "000003.png", np.zeros((64, 96, 3), np.uint8))
    with pytest.raises(TrainError, match=r"several sizes; got: 000003\.png and 0 more: 96x64; wanted: 128x128"):
        Pictures(folder, "set").probe()


def test_a_file_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set", 5)
    (folder / "images" / "000002.png").write_bytes(b"no picture")
    with pytest.raises(TrainError, match=r"not a picture: .*000002\.png"):
        Pictures(folder, "set").probe()


def test_empty_folders_are_refused(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set", 3, without=(0, 1, 2))
    with pytest.raises(TrainError, match="no picture of set has a pose; got: 3 pictures"):
        Pictures(folder, "set").probe()
    for path in (folder / "images").iterdir():
        path.unlink()
    with pytest.raises(TrainError, match="no pictures in"):
        Pictures(folder, "set").probe()


def test_too_few_people_are_refused(tmp_path: Path) -> None:
    pictures = Pictures(write_picture_set(tmp_path / "set", 20), "set")
    with pytest.raises(TrainError, match="too little to learn from in set; got: 20 frames"):
        pictures.watch(pictures.probe(), tmp_path, CANVAS)

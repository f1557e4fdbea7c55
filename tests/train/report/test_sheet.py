from pathlib import Path

import cv2
import numpy as np
import pytest

from train.errors import TrainError
from train.report import sheet

RED = np.full((40, 20, 3), (255, 0, 0), np.uint8)


def test_rows_are_shrunk_to_one_height_and_width_is_the_widest() -> None:
    picture = sheet.contact_sheet([("one", [RED]), ("three", [RED] * 3)], cell_height_px=20)
    assert picture.shape == (2 * (20 + sheet.LABEL_PX), 3 * (10 + sheet.GAP_PX), 3)
    assert picture[sheet.LABEL_PX + 10, 5].tolist() == [255, 0, 0]


def test_a_picture_is_laid_over_by_its_alpha() -> None:
    frame = np.zeros((1, 3, 4), np.uint8)
    frame[0, :, 0], frame[0, :, 3] = 200, (0, 255, 128)
    mixed = sheet.composite_over(frame, np.array([0, 100, 0], np.uint8))[0]
    assert mixed.tolist() == [[0, 100, 0], [200, 0, 0], [100, 50, 0]]


def test_a_pose_map_shows_its_strongest_channel_at_canvas_size() -> None:
    pose_map = np.zeros((2, 3, 5), np.uint8)
    pose_map[1, 2, 4] = 99
    picture = sheet.pose_map_picture(pose_map)
    assert picture.shape == (8, 12, 3) and picture[7, 11].tolist() == [99] * 3 and picture[0, 0].max() == 0


def test_a_written_picture_keeps_its_colours(tmp_path: Path) -> None:
    sheet.write_picture(tmp_path / "red.png", RED)
    assert np.array_equal(cv2.imread(str(tmp_path / "red.png"))[..., ::-1], RED)
    assert [path.name for path in tmp_path.iterdir()] == ["red.png"]


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"red\.png"):
        sheet.write_picture(tmp_path / "nowhere" / "red.png", RED)

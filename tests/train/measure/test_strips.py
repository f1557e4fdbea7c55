from pathlib import Path

import cv2
import numpy as np

from train.measure.strips import CELL_PX, Strips, read_strip


def test_rows_are_written_as_one_sheet_and_one_by_one(tmp_path: Path) -> None:
    strips = Strips("full")
    picture = np.zeros((16, 16, 3), np.uint8)
    for level in (200, 100):
        picture[:] = (level, 0, 0)  # one buffer, as a generator reuses its own
        strips.add("network + face", picture)
    strips.add("doll", picture)
    strips.write(tmp_path)
    strip = read_strip(tmp_path, "full", "network + face")
    assert strip is not None and strip.shape[0] == CELL_PX
    assert strip[0, 0].tolist() == [200, 0, 0] and strip[0, CELL_PX + 10].tolist() == [100, 0, 0]
    assert read_strip(tmp_path, "full", "nothing") is None
    sheet = cv2.imread(str(tmp_path / "contact_full.png"))
    assert sheet is not None and sheet.shape[0] > 2 * CELL_PX

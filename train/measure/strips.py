"""Strips: rows of pictures of one sequence, each also kept in its own file, so that sheets can combine several runs."""

from pathlib import Path

import cv2
import numpy as np

from engines.arrays import U8
from train.report import sheet

FOLDER = "strips"
CELL_PX = 320


class Strips:
    """Gathers rows for the sheet `contact_NAME.png`; all pictures (H, W, 3) uint8 RGB."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows: dict[str, list[U8]] = {}

    def add(self, row: str, picture: U8) -> None:
        """The next picture of a row; rows appear in the order in which they were first named."""
        self._rows.setdefault(row, []).append(picture.copy())

    def write(self, out: Path) -> None:
        """Write the sheet to `out` and each row to its strips. Raises TrainError."""
        (out / FOLDER).mkdir(parents=True, exist_ok=True)
        sheet.write_picture(
            out / f"contact_{self._name}.png", sheet.contact_sheet(list(self._rows.items()), cell_height_px=CELL_PX)
        )
        for row, pictures in self._rows.items():
            gap = np.full((CELL_PX, sheet.GAP_PX, 3), sheet.PAPER, np.uint8)
            parts = [part for picture in pictures for part in (_scaled(picture), gap)]
            sheet.write_picture(strip_path(out, self._name, row), np.concatenate(parts, axis=1))


def strip_path(out: Path, name: str, row: str) -> Path:
    """The file of one row's strip of the sheet `name`."""
    words = "".join(letter if letter.isalnum() else " " for letter in row).split()
    return out / FOLDER / f"{name}_{'_'.join(words)}.png"


def read_strip(out: Path, name: str, row: str) -> U8 | None:
    """A strip as it was written, (CELL_PX, W, 3), or None."""
    data = strip_path(out, name, row)
    picture = cv2.imread(str(data)) if data.is_file() else None
    return None if picture is None else np.ascontiguousarray(picture[..., ::-1])


def _scaled(picture: U8) -> U8:
    height, width = picture.shape[:2]
    size = (max(round(width * CELL_PX / height), 1), CELL_PX)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)

from dataclasses import fields
from pathlib import Path

import cv2
import numpy as np

from train.measure.ablation_table import COLUMNS, GOOD, Row, picture, write_ablation
from train.measure.scores import Scores
from train.measure.strips import Strips


def row(folder: Path, title: str, drawn_by: str, gflop: float, **known: float) -> Row:
    strips = Strips("full")
    for name, level in (("real", 10), (drawn_by, round(gflop))):
        strips.add(name, np.full((16, 16, 3), level, np.uint8))
    strips.write(folder)
    scores = {field.name: known.get(field.name) for field in fields(Scores)}
    held = {"full": {"colour": 1.5, "flicker": 0.25}}
    drivers = [
        {"clip": clip, "take": "full", "outside": {"network": share}} for clip, share in (("a", 1.0), ("b", 2.0))
    ]
    found = {"takes": {"full": {drawn_by: scores}}, "held": held, "drivers": drivers}
    return Row(title, folder, drawn_by, gflop, 2_400_000, 5, 2.0, found)


def cells(text: str, title: str) -> dict[str, str]:
    lines = [[part.strip() for part in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("|")]
    return dict(zip(lines[0], next(line for line in lines if line[0] == title), strict=True))


def test_each_row_holds_its_own_figures(tmp_path: Path) -> None:
    rows = [
        row(tmp_path / "a", "lite", "network", 5.39, ssim_box=0.9, sharpness=0.8),
        row(tmp_path / "b", "doll alone", "doll", 0.0, ssim_box=0.8, sharpness=1.0),
    ]
    text = write_ablation(tmp_path, rows, takes=["full"])
    assert text == (tmp_path / "ablation.md").read_text()
    lite, doll = cells(text, "lite"), cells(text, "doll alone")
    assert (lite["SSIM box"], lite["sharpness"], lite["GFLOP a frame"]) == ("0.900", "0.80", "5.39")
    assert (lite["M parameters"], lite["steps"], lite["minutes"]) == ("2.40", "5", "2.0")
    assert (lite["outside %"], lite["colour drift"], lite["flicker held"]) == ("1.50", "1.500", "0.250")
    assert (doll["SSIM box"], doll["outside %"], doll["colour drift"]) == ("0.800", "-", "-")
    assert "SSIM face" not in lite  # measured on none of them


def test_the_picture_marks_the_better_end_of_each_column() -> None:
    columns = [column for column in COLUMNS if column.title in ("steps", "SSIM box", "sharpness", "tOF px")]
    figures: list[list[float | None]] = [[5, 0.9, 1.3, 0.2], [5, 0.8, 0.9, 0.1], [None, None, 1.0, 0.0]]
    green = (picture(["a", "b", "real"], columns, figures, judged=[True, True, False]) == GOOD).all(axis=2)
    best = [[green[44 * row : 44 * row + 44, x : x + 118].any() for x in range(330, 802, 118)] for row in (1, 2, 3)]
    assert best == [
        [False, True, False, False],  # more similar
        [False, False, True, True],  # nearer to the real detail, less flicker
        [False, False, False, False],  # the real video does not compete
    ]


def test_a_sheet_shows_every_variant_on_the_same_frames(tmp_path: Path) -> None:
    rows = [row(tmp_path / "a", "lite", "network", 50), row(tmp_path / "b", "full", "network", 90)]
    write_ablation(tmp_path, rows, takes=["full"])
    sheet = cv2.imread(str(tmp_path / "contact_full.png"))
    assert sheet is not None
    levels = [sheet[at + 22 + 160, 100, 0] for at in (0, 342, 684)]
    assert levels == [10, 50, 90]
    assert (tmp_path / "ablation_full.png").is_file()

"""The table of an ablation: Markdown, a picture of it with bars, and sheets with one row per variant."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engines.arrays import U8
from engines.system.whole_file import write_whole
from train.errors import TrainError
from train.measure.score_table import number, table
from train.measure.strips import CELL_PX, read_strip
from train.networks.player import NETWORK
from train.report import sheet

MARKDOWN = "ablation.md"
ROW_PX, TITLE_PX, COLUMN_PX, BAR_PX = 44, 330, 118, 7
GOOD, PLAIN = (30, 130, 60), (150, 160, 175)  # RGB of the best bar of a column, and of the others
FONT = cv2.FONT_HERSHEY_SIMPLEX


@dataclass(frozen=True, slots=True)
class Row:
    """One variant. `evaluation`: the folder that `found`, its metrics.json, comes from; `drawn_by`: the row in it.

    `gflop` to `minutes`: None for the real video, which was not drawn and does not compete for best.
    """

    title: str
    evaluation: Path
    drawn_by: str
    gflop: float | None
    parameters: float | None
    steps: int | None
    minutes: float | None
    found: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One figure: how it is read from a row and a take (None: not measured), and what is best: "high", "low", nearest
    to "one", or nothing.
    """

    title: str
    read: Callable[[Row, str], float | None]
    better: str = ""
    digits: int = 3


def _score(name: str) -> Callable[[Row, str], float | None]:
    return lambda row, take: row.found["takes"][take][row.drawn_by][name]


def _held(name: str) -> Callable[[Row, str], float | None]:
    """Of a held pose; measured only for the plain network, and only if it is shown its previous frame."""
    return lambda row, take: row.found["held"].get(take, {}).get(name) if row.drawn_by == NETWORK else None


def _outside(row: Row, take: str) -> float | None:
    """Mean over the clips that drove this take."""
    driven = [one["outside"] for one in row.found["drivers"] if one["take"] == take]
    shares = [outside[row.drawn_by] for outside in driven if row.drawn_by in outside]
    return float(np.mean(shares)) if shares else None


COLUMNS = (
    Column("GFLOP a frame", lambda row, _: row.gflop, "low", 2),
    Column("M parameters", lambda row, _: row.parameters and row.parameters / 1e6, "low", 2),
    Column("steps", lambda row, _: row.steps, "", 0),
    Column("minutes", lambda row, _: row.minutes, "", 1),
    Column("SSIM box", _score("ssim_box"), "high"),
    Column("SSIM body", _score("ssim_body"), "high"),
    Column("SSIM face", _score("ssim_face"), "high"),
    Column("features box", _score("feature_box"), "low"),
    Column("features face", _score("feature_face"), "low"),
    Column("sharpness", _score("sharpness"), "one", 2),
    Column("sharp. face", _score("sharpness_face"), "one", 2),
    Column("matte IoU", _score("matte_iou"), "high"),
    Column("body px", _score("body_error_px"), "low", 2),
    Column("face px", _score("face_error_px"), "low", 2),
    Column("hands px", _score("hands_error_px"), "low", 2),
    Column("body missed", _score("body_missed"), "low"),
    Column("hands missed", _score("hands_missed"), "low"),
    Column("tOF px", _score("tof_px"), "low"),
    Column("tLP features", _score("tlp_features"), "low"),
    Column("flicker figure", _score("flicker_figure"), "low"),
    Column("flicker ground", _score("flicker_background"), "low"),
    Column("flicker held", _held("flicker"), "low"),
    Column("colour drift", _held("colour"), "low"),
    Column("outside %", _outside, "low", 2),
)


def write_ablation(out: Path, rows: list[Row], *, takes: list[str]) -> str:
    """Write ablation.md, ablation_TAKE.png and the contact sheets to `out`; returns the Markdown. Raises TrainError."""
    parts = []
    for take in takes:
        columns = [column for column in COLUMNS if any(column.read(row, take) is not None for row in rows)]
        figures = [[column.read(row, take) for column in columns] for row in rows]
        cells = [
            [row.title, *(number(value, column.digits) for value, column in zip(line, columns, strict=True))]
            for row, line in zip(rows, figures, strict=True)
        ]
        parts.append(f"## {take}\n\n" + table(["drawn by", *(column.title for column in columns)], cells))
        judged = [row.gflop is not None for row in rows]
        drawn = picture([row.title for row in rows], columns, figures, judged=judged)
        sheet.write_picture(out / f"ablation_{take}.png", drawn)
    text = "\n\n".join([*parts, NOTES]) + "\n"
    try:
        write_whole(out / MARKDOWN, text.encode(), shared=True)
    except OSError as error:
        raise TrainError(f"cannot write to {out}", got=str(error), do="make room on the disk") from error
    _write_sheets(out, rows, takes)
    return text


NOTES = """Every variant was trained on the same frames for the same number of steps or minutes, by the same command;
a face network's own training is extra and is not counted in its row. SSIM and sharpness (1: like the real video) are
over every measured frame; features (MobileNetV2, not LPIPS), poses, tOF and tLP over every fifth. Poses: pixels at a
canvas 512 high. Flicker held and colour drift: only where a network is shown its previous frame; the others cannot
drift. GFLOP: 2 x multiply-accumulates. Outside: matte farther than 1/64 of the canvas from the doll while
real people drive the puppet, mean over the clips."""


def picture(titles: list[str], columns: list[Column], figures: list[list[float | None]], *, judged: list[bool]) -> U8:
    """(H, W, 3): the table with bars proportional to each figure's share of its column's largest; the best of the rows
    that are `judged` is green.
    """
    height, width = ROW_PX * (len(titles) + 1), TITLE_PX + COLUMN_PX * len(columns)
    paper = np.full((height, width, 3), sheet.PAPER, np.uint8)
    for i, column in enumerate(columns):
        _write(paper, column.title, TITLE_PX + COLUMN_PX * i, ROW_PX - 14, scale=0.42)
    for line, title in enumerate(titles, 1):
        top = ROW_PX * line
        cv2.line(paper, (0, top), (width, top), (215, 215, 215), 1)
        _write(paper, title, 8, top + 24, scale=0.5)
        for i, column in enumerate(columns):
            value, left = figures[line - 1][i], TITLE_PX + COLUMN_PX * i
            _write(paper, number(value, column.digits), left, top + 20, scale=0.48)
            if value is not None:
                all_of = [figure for other in figures if (figure := other[i]) is not None]
                length = max(round((COLUMN_PX - 20) * value / (max(all_of) or 1)), 1)
                green = judged[line - 1] and value == _best(column, figures, judged, i)
                end = (left + length, top + 28 + BAR_PX)
                cv2.rectangle(paper, (left, top + 28), end, GOOD if green else PLAIN, -1)
    return paper


def _best(column: Column, figures: list[list[float | None]], judged: list[bool], i: int) -> float | None:
    """The best figure of the column; None if no figure is better than another."""
    known = [value for line, counts in zip(figures, judged, strict=True) if counts and (value := line[i]) is not None]
    if len(set(known)) < 2 or not column.better:
        return None
    return {"high": max(known), "low": min(known), "one": min(known, key=lambda value: abs(value - 1))}[column.better]


def _write_sheets(out: Path, rows: list[Row], takes: list[str]) -> None:
    """One sheet per take and per real driver: real frames or skeletons first, then a strip for each variant."""
    clips = sorted({f"{driven['clip']}_{driven['take']}" for row in rows for driven in row.found["drivers"]})
    for name in [*takes, *clips]:
        heads = ("real", "pose") if name in takes else ("performer's skeleton",)
        strips = [(head, read_strip(rows[0].evaluation, name, head)) for head in heads]
        strips += [(row.title, read_strip(row.evaluation, name, row.drawn_by)) for row in rows]
        there = [(title, [strip]) for title, strip in strips if strip is not None]
        if there:
            sheet.write_picture(out / f"contact_{name}.png", sheet.contact_sheet(there, cell_height_px=CELL_PX))


def _write(paper: U8, text: str, x: int, y: int, *, scale: float) -> None:
    cv2.putText(paper, text, (x, y), FONT, scale, (sheet.INK,) * 3, 1, cv2.LINE_AA)

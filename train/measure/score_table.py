"""What an evaluation measured, as metrics.json and as the Markdown tables of metrics.md."""

import json
import math
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from engines.system.json_file import read_json
from engines.system.whole_file import write_whole
from train.errors import TrainError
from train.measure.drift import DriftMark, HeldDrift, grows
from train.measure.drivers import Driven
from train.measure.scores import SAMPLE_EVERY, Scores

JSON, MARKDOWN = "metrics.json", "metrics.md"
PICTURES = ("ssim", "feature", "sharpness", "matte")  # the prefixes of each table's score names
POSES = ("body", "face", "hands")
MOTION = ("tof", "tlp", "flicker")
HELD_HEAD = ["take", "held pose: colour, frame 300 to 10 (of 255)", "feature distance", "flicker"]
HELD_HEAD += ["frames to recover from noise", "from a reset"]
LONG_HEAD = ["take", "frame of the looping motion", "colour against round 1 (of 255)", "difference"]
LONG_HEAD += ["feature distance", "grows"]


@dataclass(slots=True)
class Measured:
    """Everything measured on a run. `frames`: the most of each take, 0 for all. `takes`: take -> way of drawing ->
    scores; `held`, `long`: take -> drift, if the network is shown its previous frame.
    """

    steps: int
    frames: int
    minutes: float
    takes: dict[str, dict[str, Scores]] = field(default_factory=dict)
    held: dict[str, HeldDrift] = field(default_factory=dict)
    long: dict[str, list[DriftMark]] = field(default_factory=dict)
    drivers: list[Driven] = field(default_factory=list)


def write_scores(out: Path, measured: Measured) -> str:
    """Write both files to `out`, whole or not at all; returns the Markdown. Raises TrainError."""
    text = markdown(measured)
    try:
        for name, content in ((MARKDOWN, text), (JSON, json.dumps(_plain(asdict(measured)), indent=1))):
            write_whole(out / name, content.encode(), shared=True)
    except OSError as error:
        raise TrainError(f"cannot write to {out}", got=str(error), do="make room on the disk") from error
    return text


def read_scores(out: Path) -> dict[str, Any]:
    """metrics.json of an evaluation, with None for what was not measured. Raises TrainError."""
    try:
        values = read_json(out / JSON)
        if not isinstance(values, dict):
            raise ValueError(f"{JSON} holds a {type(values).__name__}")
        return values
    except (OSError, ValueError) as error:
        raise TrainError(f"no measurements in {out}", got=str(error), do="python -m train evaluate RUN") from error


def markdown(measured: Measured) -> str:
    """Tables of pictures, poses, motion, drift and real drivers; a dash where nothing was measured."""
    parts = [f"{measured.steps} steps, {measured.minutes} minutes of training. (*): from every {SAMPLE_EVERY}th frame."]
    for starts, note in ((PICTURES, " (features *)"), (POSES, " (*; px at 512)"), (MOTION, " (tof, tlp *)")):
        names = [f.name for f in fields(Scores) if f.name.startswith(starts)]
        rows = [
            [take, name, *(number(getattr(scores, column)) for column in names)]
            for take, ways in measured.takes.items()
            for name, scores in ways.items()
            if any(not math.isnan(getattr(scores, column)) for column in names)
        ]
        if rows:
            head = ["take", f"drawn by{note}", *(name.replace("_", " ") for name in names)]
            parts.append(table(head, rows))
    return "\n\n".join([*parts, *_drift_tables(measured), *_driver_table(measured)]) + "\n"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def number(value: float | None, digits: int = 3) -> str:
    """A figure as written in a table; a dash for None and NaN."""
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _drift_tables(measured: Measured) -> list[str]:
    tables = []
    if measured.held:
        rows = [
            [take, *map(number, (d.colour, d.feature, d.flicker)), *map(_frames, (d.garbage_frames, d.reset_frames))]
            for take, d in measured.held.items()
        ]
        tables.append(table(HELD_HEAD, rows))
    if measured.long:
        rows = [
            [take, str(m.frame), *map(number, (m.colour, m.difference, m.feature)), "yes" if grows(marks) else "no"]
            for take, marks in measured.long.items()
            for m in marks
        ]
        tables.append(table(LONG_HEAD, rows))
    return tables


def _driver_table(measured: Measured) -> list[str]:
    rows = [
        [driven.clip, driven.take, name, number(share)]
        for driven in measured.drivers
        for name, share in driven.outside.items()
    ]
    return [table(["real driver", "take", "drawn by", "matte outside the dilated doll, %"], rows)] if rows else []


def _frames(count: int | None) -> str:
    return "not in time" if count is None else str(count)


def _plain(value: Any) -> Any:
    """The same with None for NaN, which JSON lacks."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value

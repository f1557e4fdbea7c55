"""What a run leaves for people to look at: curves, sheets, the growing picture, TensorBoard, report and warnings."""

from collections.abc import Sequence
from dataclasses import astuple, fields
from pathlib import Path

import cv2
import numpy as np

from engines.arrays import U8
from train.report import chart, sheet
from train.report.chart import Chart, Line
from train.report.convergence import CurveRemark, findings
from train.report.curves import HELD_OUT, TRAINING, Curve
from train.report.events import Events
from train.report.report import Page, write_report
from train.training.config import RunConfig
from train.training.held_out import Validation
from train.training.step import StepReport

CURVES_PICTURE = "curves.png"
SHEETS, GROWTH = "sheets", "growth"
TITLES = {"loss": "held-out loss: best.pt has the lowest", "scores_right": "share of patches judged right"}
GROWN = 8  # pictures of the growing sample in the report
GROWN_PX = 260  # their height


class Record:
    """What people see of one run, in its folder, which must exist."""

    def __init__(self, folder: Path, config: RunConfig, *, steps_done: int) -> None:
        self._folder, self._config = folder, config
        self._training = Curve(folder / TRAINING, _names(StepReport), steps_done=steps_done)
        self._held_out = Curve(folder / HELD_OUT, _names(Validation), steps_done=steps_done)
        self._events = Events(folder, steps_done=steps_done) if config.tensorboard else None
        self._said: set[str] = set()

    def add(self, step: int, elapsed_s: float, means: Sequence[float]) -> None:
        """One row of the training curve: means of the fields of StepReport."""
        self._training.add(step, elapsed_s, means)
        if self._events is not None:
            self._events.add("training", _names(StepReport), means, step)

    def validated(self, step: int, elapsed_s: float, validation: Validation) -> None:
        """One row of the cross-validation curve."""
        self._held_out.add(step, elapsed_s, astuple(validation))
        if self._events is not None:
            self._events.add("cross-validation", _names(Validation), astuple(validation), step)

    def new_warnings(self) -> list[str]:
        """What the curves say that has not been said before."""
        new = [finding for finding in self._findings() if finding.about not in self._said]
        self._said |= {finding.about for finding in new}
        return [finding.words for finding in new]

    def show(self, step: int, elapsed_s: float, picture: U8, sample: U8) -> None:
        """Write a sheet and a sample, and rewrite curves and report. `picture`, `sample`: (H, W, 3) RGB."""
        for name, shown in ((SHEETS, picture), (GROWTH, _scaled(sample))):
            (self._folder / name).mkdir(exist_ok=True)
            sheet.write_picture(self._folder / name / f"step_{step:06d}.png", shown)
        if self._events is not None:
            self._events.show("sheet", picture, step)
        charts = self._charts()
        sheet.write_picture(self._folder / CURVES_PICTURE, chart.picture(charts))
        write_report(
            self._folder,
            Page(
                name=self._folder.resolve().name,
                settings=_settings(self._config),
                lines=[_progress(step, elapsed_s, self._config)],
                findings=[finding.words for finding in self._findings()],
                charts=charts,
                sheet=picture,
                growth=self._growth(step),
            ),
        )

    def close(self) -> None:
        """Close the event file."""
        if self._events is not None:
            self._events.close()

    def _findings(self) -> list[CurveRemark]:
        return findings(self._training.table, self._held_out.table)

    def _charts(self) -> list[Chart]:
        """One for each loss; training and cross-validation together where both have it."""
        tables = {"training": self._training.table, "held out": self._held_out.table}
        names = dict.fromkeys(name for table in reversed(tables.values()) for name in table.names[2:])
        charts = []
        for name in names:
            lines = []
            for kind, table in tables.items():
                on = table.column(name) != 0 if name in table.names else np.zeros(0, bool)
                if on.any():  # 0: switched off, or the discriminators have not joined
                    lines.append(Line(kind, table.steps[on], table.column(name)[on]))
            if lines:
                charts.append(Chart(TITLES.get(name, name.replace("_", " ")), tuple(lines)))
        return charts or [Chart("no curve yet", ())]

    def _growth(self, step: int) -> U8:
        """(H, W, 3): the same sample at up to GROWN steps, none later than this one."""
        steps = sorted(int(path.stem.partition("_")[2]) for path in (self._folder / GROWTH).glob("step_*.png"))
        steps = [done for done in steps if done <= step]
        chosen = sorted({steps[i] for i in np.linspace(0, len(steps) - 1, GROWN).round().astype(int)})
        pictures = [cv2.imread(str(self._folder / GROWTH / f"step_{done:06d}.png")) for done in chosen]
        strips = [
            sheet.contact_sheet([(f"step {done:,}", [picture[..., ::-1].astype(np.uint8)])], cell_height_px=GROWN_PX)
            for done, picture in zip(chosen, pictures, strict=True)
            if picture is not None
        ]
        return np.concatenate(strips, 1)


def _names(report: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(report))


def _scaled(picture: U8) -> U8:
    height, width = picture.shape[:2]
    size = (max(round(width * GROWN_PX / height), 1), GROWN_PX)
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.uint8)


def _settings(config: RunConfig) -> dict[str, object]:
    """The configuration, with loss weights spread out and without the limit that was not given."""
    plain = config.to_json()
    weights = {f"weight of {name}": value for name, value in plain.pop("weights").items()}
    plain.pop("minutes" if config.steps else "steps")
    return {**plain, "precision": config.arithmetic, **weights}


def _progress(step: int, elapsed_s: float, config: RunConfig) -> str:
    end = f"{config.steps:,} steps" if config.steps else f"{config.minutes:g} minutes"
    return f"{step:,} steps, {elapsed_s / 60:.1f} minutes; the run ends at {end}."

import base64
import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from train.report import report
from train.report.events import FOLDER
from train.report.report import NAME
from train.training import record
from train.training.config import RunConfig
from train.training.held_out import Validation
from train.training.record import Record
from train.training.step import StepReport

CONFIG = RunConfig("data <of mine>", steps=4000, tensorboard=False)
SHEET = np.full((90, 120, 3), (200, 40, 40), np.uint8)
FIELDS = len(StepReport.__dataclass_fields__)


def sample(level: int) -> np.ndarray:
    return np.full((64, 48, 3), level, np.uint8)


def recorded(folder: Path, *, right: float = 0.7, until: int = 2000, config: RunConfig = CONFIG) -> Record:
    """A record with falling losses, a discriminator of this accuracy, and a sheet every 500 steps."""
    made = Record(folder, config, steps_done=0)
    for step in range(20, until + 1, 20):
        made.add(step, step / 10, [np.exp(-step / 1000)] * (FIELDS - 1) + [right])
        if step % 500 == 0:
            made.validated(step, step / 10, Validation(1.0, 0.5, 0.5 / step, 0.0))
            made.show(step, step / 10, SHEET, sample(step // 10))
    return made


def page(folder: Path) -> str:
    return (folder / NAME).read_text(encoding="utf-8")


def test_the_report_is_one_file_that_needs_nothing_else(tmp_path: Path) -> None:
    recorded(tmp_path)
    text = page(tmp_path)
    assert re.findall(r"(?:https?:|src=\"(?!data:)|<link|<script|@import|url\()", text) == []
    for words in ("2,000 steps, 3.3 minutes", "Nothing to worry about", "data &lt;of mine&gt;", "prefers-color-scheme"):
        assert words in text
    assert text.count("<svg") == text.count("</svg>") >= 8
    assert 'class="held-out"' in text and 'class="training"' in text


def test_the_pictures_in_the_report_are_the_growth_and_the_sheet(tmp_path: Path) -> None:
    recorded(tmp_path)
    data = [base64.b64decode(found) for found in re.findall(r"data:image/jpeg;base64,([^\"]*)", page(tmp_path))]
    growth, sheet = (cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)[..., ::-1] for jpeg in data)
    assert np.abs(sheet.astype(int) - SHEET).max() < 8
    row = growth[growth.shape[0] // 2]
    levels = [level for level in (50, 100, 150, 200) if (np.abs(row.astype(int) - level) < 6).all(1).sum() > 100]
    assert levels == [50, 100, 150, 200]  # one picture of each sheet so far


def test_the_growth_keeps_to_a_few_pictures_up_to_this_step(tmp_path: Path) -> None:
    made = Record(tmp_path, CONFIG, steps_done=0)
    for step in range(1, 31):
        made.show(step, 1.0, SHEET, sample(step))
    wide = made._growth(30).shape[1]
    assert wide == record.GROWN * made._growth(1).shape[1]
    assert made._growth(4).shape[1] == wide // 2


def test_curves_and_sheets_are_files_too(tmp_path: Path) -> None:
    recorded(tmp_path)
    assert cv2.imread(str(tmp_path / record.CURVES_PICTURE)) is not None
    kept = sorted(path.name for path in (tmp_path / record.SHEETS).iterdir())
    assert kept == [f"step_{step:06d}.png" for step in (500, 1000, 1500, 2000)]
    assert not list(tmp_path.rglob("*.part")) and not (tmp_path / FOLDER).exists()


def test_a_warning_is_said_once_and_stands_in_the_report(tmp_path: Path) -> None:
    made = recorded(tmp_path, right=0.99)
    (words,) = made.new_warnings()
    assert "won outright" in words and words in page(tmp_path)
    assert made.new_warnings() == []


def test_curves_go_on_from_the_step_of_the_checkpoint(tmp_path: Path) -> None:
    recorded(tmp_path)
    again = Record(tmp_path, CONFIG, steps_done=1000)
    again.show(1000, 1.0, SHEET, sample(1))
    assert "1,000 steps" in page(tmp_path)
    assert len(again._training.table.rows) == 50 and len(again._held_out.table.rows) == 2


def test_tensorboard_gets_scalars_and_sheets(tmp_path: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    config = RunConfig("data", steps=4000)
    recorded(tmp_path, until=600, config=config).close()
    again = Record(tmp_path, config, steps_done=500)  # what came after is told anew
    again.add(520, 1.0, [7.0] * FIELDS)
    again.close()
    seen = EventAccumulator(str(tmp_path / FOLDER))
    seen.Reload()
    totals = seen.Scalars("training/total")
    assert [event.step for event in totals] == list(range(20, 521, 20)) and totals[-1].value == 7.0
    assert [event.step for event in seen.Scalars("cross-validation/loss")] == [500]
    assert [event.step for event in seen.Images("sheet")] == [500]


def test_a_report_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from train.errors import TrainError

    def full(*arguments: object, **options: object) -> None:
        raise OSError(28, "No space left on device")

    made = recorded(tmp_path, until=500)
    monkeypatch.setattr(report, "write_whole", full)
    with pytest.raises(TrainError, match=r"report\.html.*No space left.*room"):
        made.show(520, 1.0, SHEET, sample(1))
    assert "500 steps" in page(tmp_path)

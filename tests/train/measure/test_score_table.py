import json
from dataclasses import fields
from pathlib import Path

import pytest

from train.errors import TrainError
from train.measure.drift import DriftMark, HeldDrift
from train.measure.drivers import Driven
from train.measure.score_table import Measured, read_scores, write_scores
from train.measure.scores import Scores

NAN = float("nan")


def scores(**known: float) -> Scores:
    return Scores(**{field.name: known.get(field.name, NAN) for field in fields(Scores)})


def measured() -> Measured:
    return Measured(
        steps=7,
        frames=0,
        minutes=1.5,
        takes={
            "full": {"network": scores(ssim_box=0.875, body_error_px=4.25), "real video": scores(body_error_px=3.0)}
        },
        held={"full": HeldDrift(0.5, NAN, 0.1, 3, None)},
        long={"full": [DriftMark(300, 1.0, 1.0, NAN), DriftMark(10_000, 1.0, 2.0, NAN)]},
        drivers=[Driven("dance", "full", {"network": 0.25})],
    )


def test_the_tables_hold_what_was_measured_and_dashes_elsewhere(tmp_path: Path) -> None:
    text = write_scores(tmp_path, measured())
    assert text == (tmp_path / "metrics.md").read_text()
    rows = {tuple(part.strip() for part in line.split("|")[1:-1]) for line in text.splitlines() if "|" in line}
    pictures = next(row for row in rows if "0.875" in row)
    assert pictures[:3] == ("full", "network", "0.875") and set(pictures[3:]) == {"-"}
    assert sum("real video" in row for row in rows) == 1  # nothing but poses was measured on it
    assert ("full", "0.500", "-", "0.100", "3", "not in time") in rows
    assert ("full", "10000", "1.000", "2.000", "-", "yes") in rows
    assert ("dance", "full", "network", "0.250") in rows


def test_the_json_is_read_back_with_nothing_for_what_was_not_measured(tmp_path: Path) -> None:
    write_scores(tmp_path, measured())
    found = read_scores(tmp_path)
    assert found["takes"]["full"]["network"]["ssim_box"] == 0.875
    assert found["takes"]["full"]["network"]["ssim_face"] is None
    assert "NaN" not in (tmp_path / "metrics.json").read_text()
    assert json.loads((tmp_path / "metrics.json").read_text())["held"]["full"]["reset_frames"] is None


@pytest.mark.parametrize("content", [None, "{", "[]", "[" * 100_000, '{"steps": NaN}'])
def test_a_folder_without_measures_is_refused(content: str | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "metrics.json").write_text(content)
    with pytest.raises(TrainError, match="no measurements"):
        read_scores(tmp_path)

from pathlib import Path

import numpy as np
import pytest

from train.errors import TrainError
from train.report.curves import Curve, Table


def written(path: Path, steps: range = range(2, 8, 2)) -> Curve:
    curve = Curve(path, ["total"])
    for step in steps:
        curve.add(step, step / 2, [step / 8])
    return curve


def test_rows_come_back_as_they_were_added(tmp_path: Path) -> None:
    table = written(tmp_path / "loss.csv").table
    assert table.names == ("step", "elapsed_s", "total")
    assert table.steps.tolist() == [2, 4, 6] and table.column("total").tolist() == [0.25, 0.5, 0.75]
    again = Curve(tmp_path / "loss.csv", ["total"], steps_done=100).table
    assert np.array_equal(again.rows, table.rows)
    assert [path.name for path in tmp_path.iterdir()] == ["loss.csv"]


def test_rows_after_the_step_that_a_run_goes_on_from_are_dropped(tmp_path: Path) -> None:
    written(tmp_path / "loss.csv")
    Curve(tmp_path / "loss.csv", ["total"], steps_done=4).add(6, 9.0, [1.0])
    assert (tmp_path / "loss.csv").read_text().split() == ["step,elapsed_s,total", "2,1.0,0.25", "4,2.0,0.5", "6,9.0,1"]


def test_a_new_run_starts_an_empty_curve(tmp_path: Path) -> None:
    written(tmp_path / "loss.csv")
    assert Curve(tmp_path / "loss.csv", ["total"]).table.rows.shape == (0, 3)


def test_a_row_that_a_kill_tore_off_is_dropped(tmp_path: Path) -> None:
    written(tmp_path / "loss.csv")
    whole = (tmp_path / "loss.csv").read_text()
    for torn in (whole[:-6], whole + "8,", whole + "8,4.0,x\n"):
        (tmp_path / "loss.csv").write_text(torn)
        assert Curve(tmp_path / "loss.csv", ["total"], steps_done=100).table.steps.tolist()[:2] == [2, 4]


def test_a_table_with_other_columns_is_begun_anew(tmp_path: Path) -> None:
    written(tmp_path / "loss.csv")
    assert len(Curve(tmp_path / "loss.csv", ["total", "matte"], steps_done=100).table.rows) == 0


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"loss\.csv.*room"):
        Curve(tmp_path / "nowhere" / "loss.csv", ["total"])


def test_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError):
        Table(("step", "elapsed_s"), np.zeros((0, 2))).column("total")

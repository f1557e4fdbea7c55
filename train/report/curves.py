"""The curves of a run: tables of numbers by step, kept as CSV files in the run folder."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engines.arrays import F64
from engines.system.whole_file import write_whole
from train.errors import TrainError

TRAINING, HELD_OUT = "loss.csv", "cross_validation.csv"
FIRST = ("step", "elapsed_s")  # the first columns of every table


@dataclass(frozen=True, slots=True)
class Table:
    """`rows`: (N, C) float64, one column for each of `names`; the first two are `step` and `elapsed_s` (seconds)."""

    names: tuple[str, ...]
    rows: F64

    def column(self, name: str) -> F64:
        """(N,) the values of one column; raises ValueError for a name that is not there."""
        return self.rows[:, self.names.index(name)]

    @property
    def steps(self) -> F64:
        """(N,) the step of each row, rising."""
        return self.rows[:, 0]


class Curve:
    """A CSV file that grows row by row. Reopened, it keeps the rows up to `steps_done`, where a run resumes.

    A last row cut short by a kill is dropped; so is everything if the file's columns differ from these.
    """

    def __init__(self, path: Path, names: Sequence[str], *, steps_done: int = 0) -> None:
        self._path, self._names = path, (*FIRST, *names)
        self._rows = [row for row in _read(path, self._names) if row[0] <= steps_done] if steps_done else []
        text = io.StringIO(newline="")
        csv.writer(text).writerows([self._names, *(_cells(row) for row in self._rows)])
        try:
            write_whole(path, text.getvalue().encode(), shared=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def add(self, step: int, elapsed_s: float, values: Sequence[float]) -> None:
        """Append one row. Raises TrainError when the disk is full."""
        self._rows.append([float(step), float(elapsed_s), *(float(value) for value in values)])
        try:
            with self._path.open("a", newline="") as file:
                csv.writer(file).writerow(_cells(self._rows[-1]))
        except OSError as error:
            raise self._unwritable(error) from error

    @property
    def table(self) -> Table:
        """All rows so far."""
        return Table(self._names, np.array(self._rows, np.float64).reshape(-1, len(self._names)))

    def _unwritable(self, error: OSError) -> TrainError:
        return TrainError(f"cannot write {self._path}", got=str(error), do="make room on the disk, then use --resume")


def _read(path: Path, names: tuple[str, ...]) -> list[list[float]]:
    if not path.exists():
        return []
    with path.open(newline="") as file:
        lines = list(csv.reader(file))
    rows = []
    for line in lines[1:] if lines and tuple(lines[0]) == names else []:
        try:
            row = [float(cell) for cell in line]
        except ValueError:
            continue
        if len(row) == len(names):
            rows.append(row)
    return rows


def _cells(row: Sequence[float]) -> list[str]:
    return [str(int(row[0])), f"{row[1]:.1f}", *(f"{value:.6g}" for value in row[2:])]

import contextlib
import io
import os
import shutil
import signal
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tests.train.dataset_folder import write_dataset
from tests.train.trained_run import write_run
from train.dataset.loader import open_dataset
from train.errors import TrainError
from train.training import face, face_checkpoint, faces
from train.training.checkpoint import load_checkpoint
from train.training.face import open_face, train_face
from train.training.face_checkpoint import generator_hash, load_face
from train.training.face_step import FaceReport, FaceTrainer
from train.training.tensor_file import read_tensors, write_tensors


@pytest.fixture(scope="module")
def dataset_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "paper", 90)


@pytest.fixture(scope="module")
def untouched(dataset_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "run", dataset_folder)


@pytest.fixture
def run(untouched: Path, tmp_path: Path) -> Path:
    return shutil.copytree(untouched, tmp_path / "run")


@pytest.fixture(scope="module", autouse=True)
def few_faces() -> Iterator[None]:
    """Some tens of faces are enough, and one pair of them per step."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(face, "BATCH", 1)
        patch.setattr(face, "FEWEST", 20)
        patch.setattr(face, "LIMIT", 25)
        patch.setattr(faces, "SEGMENT", 25)
        yield


@pytest.fixture(scope="module")
def trained_once(few_faces: None, untouched: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A run with a face of one step, and what its training printed."""
    run = shutil.copytree(untouched, tmp_path_factory.mktemp("faces") / "run")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        assert train_face(run, steps=1)
    return run, printed.getvalue()


@pytest.fixture
def faced(trained_once: tuple[Path, str], tmp_path: Path) -> Path:
    """A run with a face of one step, to be written to."""
    return shutil.copytree(trained_once[0], tmp_path / "faced")


@pytest.fixture(autouse=True)
def signals_are_left_as_they_were() -> Iterator[None]:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def stop_before(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    whole = FaceTrainer.step

    def interrupted(self: FaceTrainer, *arguments: Any) -> FaceReport:
        if self.steps_done == step:
            os.kill(os.getpid(), signal.SIGINT)
        return whole(self, *arguments)

    monkeypatch.setattr(FaceTrainer, "step", interrupted)


def equal(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    return torch.equal(a, b) if isinstance(a, torch.Tensor) else bool(a == b)


def test_a_resumed_face_equals_an_unbroken_one(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = shutil.copytree(run, tmp_path / "parts")
    assert train_face(run, steps=3)
    with monkeypatch.context() as broken:
        stop_before(broken, 1)
        assert not train_face(parts, steps=3)
    found = load_face(parts)
    assert found is not None and found.steps_done == 2  # the step is finished first
    assert train_face(parts, steps=3, resume=True)
    a, b = load_face(run), load_face(parts)
    assert a is not None and b is not None and a.steps_done == b.steps_done == 3
    assert equal(a.trainer, b.trainer) and a.data == b.data


def test_it_leaves_a_sheet_a_curve_and_says_what_it_gained(trained_once: tuple[Path, str]) -> None:
    run, printed = trained_once
    sheet = cv2.imread(str(run / "sheets" / "face_000001.png"))
    assert sheet is not None and sheet.shape[0] > 4 * face.CELL_PX
    assert (run / face.CURVE).read_text().startswith("step,elapsed_s,total,l1")
    assert "levels from the real ones without the face network" in printed


def test_the_face_of_a_run_paints_as_its_averaged_network_draws(run: Path, faced: Path, dataset_folder: Path) -> None:
    assert open_face(run) is None
    values = read_tensors(faced / face_checkpoint.NAME)
    values["trainer"]["average"]["head.bias"] += 0.2  # 51 levels brighter
    write_tensors(faced / face_checkpoint.NAME, values)
    painter, dataset = open_face(faced), open_dataset(dataset_folder)
    assert painter is not None
    drawn = dataset.draw(dataset.takes["full"].placed(5, refined=False))
    frame = drawn.doll.copy()
    painter.paint(frame, drawn)
    box = drawn.face_box
    assert box is not None
    middle = np.s_[(box.y0 + box.y1) // 2, (box.x0 + box.x1) // 2, :3]
    assert np.abs(frame[middle].astype(int) - np.minimum(drawn.doll[middle].astype(int) + 51, 255)).max() <= 3
    assert np.array_equal(frame[..., 3], drawn.doll[..., 3])


def test_a_target_with_too_few_faces_gets_none_and_is_told(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(face, "FEWEST", 200)
    assert train_face(run, steps=2)
    assert "only 25 faces were found, 200 are needed: no face network is made" in capsys.readouterr().out
    assert open_face(run) is None


def test_a_face_in_use_is_refused_and_a_finished_one_is_left_as_it_is(faced: Path) -> None:
    before = (faced / "face.pt").read_bytes()
    with pytest.raises(TrainError, match="has a face already.*--resume"):
        train_face(faced, steps=1)
    assert train_face(faced, steps=1, resume=True)
    assert (faced / "face.pt").read_bytes() == before


def test_a_face_of_another_generator_is_refused_and_begins_anew(
    faced: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    values = torch.load(faced / "last.pt", weights_only=True)
    values["trainer"]["average"]["head.bias"] += 0.01
    torch.save(values, faced / "last.pt")
    with pytest.raises(TrainError, match="different generator.*train the face again"):
        open_face(faced)
    assert train_face(faced, steps=1, resume=True)
    found = load_face(faced)
    assert found is not None and found.generator == generator_hash(load_checkpoint(faced))
    assert "starts over" in capsys.readouterr().out and open_face(faced) is not None


@pytest.mark.parametrize("damage", ["cut", "version", "map", "keys"])
def test_a_face_that_does_not_fit_is_a_clear_error(faced: Path, damage: str) -> None:
    path = faced / "face.pt"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        values = read_tensors(path)
        if damage == "keys":
            del values["generator"]
        else:
            values[damage] = 99
        write_tensors(path, values)
    with pytest.raises(TrainError, match="damaged file|another version"):
        open_face(faced)


@pytest.mark.parametrize("end", [{}, {"steps": 1, "minutes": 1.0}])
def test_a_face_needs_one_end(run: Path, end: dict[str, Any]) -> None:
    with pytest.raises(TrainError, match="one limit"):
        train_face(run, **end)


def test_minutes_end_it(run: Path) -> None:
    assert train_face(run, minutes=1e-4)
    found = load_face(run)
    assert found is not None and found.steps_done == 1


def test_a_loss_that_is_not_a_number_stops_it(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = FaceReport(*[float("nan")] * len(fields(FaceReport)))
    monkeypatch.setattr(FaceTrainer, "step", lambda self, batch, progress: report)
    with pytest.raises(TrainError, match="not a number"):
        train_face(run, steps=2)
    assert load_face(run) is None

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from live.puppet.values import Frame, Pose
from tests.train.dataset_folder import write_dataset
from tests.train.trained_run import write_run
from train import evaluate
from train.dataset import Dataset, open_dataset
from train.errors import TrainError
from train.evaluate import Player, Variant
from train.networks import DeployedGenerator, Generator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "paper")


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    return open_dataset(folder)


class Shifted:
    """An estimator that finds every joint at the same place, `estimators_made` pixels to the right."""

    made = 0

    def __init__(self) -> None:
        self.at, Shifted.made = float(Shifted.made), Shifted.made + 1

    def estimate(self, frame: Frame) -> Pose:
        height, width = frame.image.shape[:2]
        points = np.full((137, 2), (self.at, 0), np.float32)
        ones = np.ones(137, np.float32)
        return Pose(frame.frame_id, frame.t_capture_s, points, ones * 0, ones, (width, height))

    def reset(self) -> None:
        return None

    def close(self) -> None:
        return None


def test_a_run_is_measured_beside_the_bare_doll(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(evaluate, "HolisticEstimator", Shifted)
    out = evaluate.evaluate(write_run(tmp_path / "run", folder))
    measured = json.loads((out / "metrics.json").read_text())["takes"]["full"]
    doll, network = measured["doll"], measured["network"]
    assert 0.2 < doll["ssim_body"] <= 1 and 0.2 < doll["matte_iou"] <= 1
    assert doll["pose_error_px"] == pytest.approx(4) and network["pose_error_px"] == pytest.approx(8)  # 512 / 128
    assert doll["flicker_held"] is None and network["flicker_held"] is not None
    assert network["ssim_body"] < doll["ssim_body"]  # its weights are noise
    assert "| full | network |" in (out / "metrics.md").read_text() == capsys.readouterr().out
    sheet = cv2.imread(str(out / "contact_full.png"))
    assert sheet is not None and sheet.shape[0] > 4 * evaluate.SHEET_CELL_PX


def test_an_untrained_network_measures_as_the_doll(folder: Path, tmp_path: Path) -> None:
    out = evaluate.evaluate(write_run(tmp_path / "run", folder, steps_done=0), frames=4, poses=False)
    measured = json.loads((out / "metrics.json").read_text())["takes"]["full"]
    for name in ("ssim_box", "ssim_body", "sharpness", "matte_iou"):
        assert measured["network"][name] == pytest.approx(measured["doll"][name], abs=1e-6)
    assert measured["network"]["pose_error_px"] is None


def test_the_real_frames_score_full_marks(dataset: Dataset) -> None:
    take, variant = dataset.takes["full"], Variant(None)
    for index in take.held_out:
        frame = np.asarray(take.frames[index])
        variant.see(index, frame, frame, take.plate, None)
    scores = variant.scores()
    assert (scores.sharpness, scores.matte_iou, scores.flicker_background) == (1.0, 1.0, 0.0)
    assert scores.ssim_box == pytest.approx(1.0, abs=1e-4)


def test_a_flickering_background_is_found(dataset: Dataset) -> None:
    take, variant = dataset.takes["full"], Variant(None)
    real = np.asarray(take.frames[0])
    for index in range(4):
        frame = real.copy()
        if index % 2:
            frame[:8, :, :3], frame[:8, :, 3] = 255, 255
        variant.see(index, frame, real, take.plate, None)
    assert variant.scores().flicker_background > 1


def test_a_player_feeds_back_its_own_frames(dataset: Dataset) -> None:
    drawn = dataset.draw(dataset.takes["full"].placed(0, refined=False))
    player = Player(DeployedGenerator(Generator(dataset.pose_map_channels)))
    assert np.array_equal(player.step(drawn), player.step(drawn))  # untrained: the doll, whatever was before
    assert player._previous.any()


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no checkpoint"):
        evaluate.evaluate(tmp_path)

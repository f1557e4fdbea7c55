import json
from pathlib import Path

import cv2
import pytest

from live.performer.recording import save_poses
from tests.train.backbone import write_backbone
from tests.train.dataset_folder import write_dataset
from tests.train.film import poses
from tests.train.measure.test_scores import At
from tests.train.trained_run import write_run
from train.errors import TrainError
from train.measure import drift, evaluate
from train.measure.evaluate import PLACED, Wanted
from train.networks.player import DOLL, NETWORK, WITHOUT_FEEDBACK


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "paper")


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A rollout of a few frames, and estimators that each find the pose a pixel further right than the one before."""
    made: list[At] = []

    def estimator() -> At:
        made.append(At(len(made)))
        return made[-1]

    monkeypatch.setattr(evaluate, "open_estimator", lambda kind, say: estimator())
    monkeypatch.setattr(drift, "RUN_UP", 2)
    monkeypatch.setattr(drift, "WATCHED", 3)
    monkeypatch.setattr(drift.held_drift, "__kwdefaults__", {**drift.held_drift.__kwdefaults__, "frames": 12})  # type: ignore[dict-item]


def measures(out: Path) -> dict:  # type: ignore[type-arg]
    return json.loads((out / "metrics.json").read_text())  # type: ignore[no-any-return]


def test_a_run_is_measured_beside_the_bare_doll_and_the_real_video(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = Wanted(backbone=str(write_backbone(tmp_path / "small.npz")))
    out = evaluate.evaluate(write_run(tmp_path / "run", folder), wanted)
    found = measures(out)
    doll, network = found["takes"]["full"][DOLL], found["takes"]["full"][NETWORK]
    assert 0.2 < doll["ssim_body"] <= 1 and 0.2 < doll["matte_iou"] <= 1
    assert doll["body_error_px"] == pytest.approx(4) and network["body_error_px"] == pytest.approx(8)  # 512 / 128
    assert network["ssim_body"] < doll["ssim_body"]  # its weights are noise
    assert network["feature_box"] > doll["feature_box"] > 0
    floor = found["takes"]["full"][PLACED]
    assert floor["body_error_px"] > 100 and floor["ssim_box"] is None  # the fake finds everybody in the corner
    assert found["held"]["full"]["colour"] is not None and found["long"] == {}
    text = (out / "metrics.md").read_text()
    assert "| full | network |" in text and text in capsys.readouterr().out
    sheet = cv2.imread(str(out / "contact_full.png"))
    assert sheet is not None and sheet.shape[0] > 4 * 320


def test_an_untrained_network_measures_as_the_doll(folder: Path, tmp_path: Path) -> None:
    out = evaluate.evaluate(write_run(tmp_path / "run", folder, steps_done=0), Wanted(frames=4, poses=False))
    ways = measures(out)["takes"]["full"]
    assert set(ways) == {DOLL, NETWORK}
    for name in ("ssim_box", "ssim_body", "ssim_face", "sharpness", "matte_iou", "tof_px"):
        assert ways[NETWORK][name] == pytest.approx(ways[DOLL][name], abs=1e-6)
    assert ways[NETWORK]["body_error_px"] is None and ways[NETWORK]["feature_box"] is None


def test_real_drivers_and_the_network_without_its_previous_frame_are_measured_when_asked(
    folder: Path, tmp_path: Path
) -> None:
    save_poses(tmp_path / "dance.npz", poses(40, side=320), estimator="fake")
    wanted = Wanted(frames=3, poses=False, steady=True, drivers=[tmp_path / "dance.npz"])
    out = evaluate.evaluate(write_run(tmp_path / "run", folder), wanted)
    found = measures(out)
    assert WITHOUT_FEEDBACK in found["takes"]["full"]
    assert set(found["drivers"][0]["outside"]) == {NETWORK, WITHOUT_FEEDBACK}
    assert (out / "contact_dance_full.png").is_file()


def test_a_long_rollout_is_played_over_frames_that_were_trained_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluate, "ROUND", 10)
    monkeypatch.setattr(drift.long_drift, "__kwdefaults__", {**drift.long_drift.__kwdefaults__, "marks": (20, 30)})  # type: ignore[dict-item]
    out = evaluate.evaluate(write_run(tmp_path / "run", folder), Wanted(frames=2, poses=False, long=True))
    assert [mark["frame"] for mark in measures(out)["long"]["full"]] == [20, 30]


def test_a_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no checkpoint"):
        evaluate.evaluate(tmp_path)


def test_a_driver_that_is_not_there_is_told_before_the_long_work(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match=r"nothing\.mp4"):
        evaluate.evaluate(write_run(tmp_path / "run", folder), Wanted(drivers=[tmp_path / "nothing.mp4"]))
    assert not (tmp_path / "run" / evaluate.FOLDER / "metrics.json").exists()

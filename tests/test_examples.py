"""The examples are run as a newcomer runs them, and do what they say."""

import runpy
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from live.scene.target import open_target

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


def run(monkeypatch: pytest.MonkeyPatch, name: str, *arguments: Path) -> None:
    monkeypatch.setattr("sys.argv", [name, *map(str, arguments)])
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")


def test_own_poses_draw_a_puppet_that_waves_its_left_arm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "own_poses.py", tmp_path / "wave.png")
    picture = cv2.cvtColor(cv2.imread(str(tmp_path / "wave.png")), cv2.COLOR_BGR2RGB)
    plate = open_target("fortnite", "full").plate
    assert picture.shape == plate.shape
    puppet = np.abs(picture.astype(int) - plate).max(axis=2) > 25
    assert puppet[100:430, 200:320].any(axis=1).all(), "somebody stands there, upright"
    beside_the_head = puppet[90:170]
    assert beside_the_head[:, 300:].any() and not beside_the_head[:, :210].any(), "one arm is up, its own left one"


def test_own_frames_become_a_video_of_as_many_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(monkeypatch, "own_frames.py", tmp_path / "disc.mp4")
    with av.open(str(tmp_path / "disc.mp4")) as film:
        pictures = [frame.to_ndarray(format="rgb24") for frame in film.decode(video=0)]
    assert len(pictures) == 60
    assert pictures[30][128, 128, 0] > 200 > pictures[0][128, 128, 0], "the disc is in the middle half way"


def test_own_training_leaves_a_run_of_two_steps_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch", reason="the trainer is not installed")
    from tests.train.dataset_folder import write_dataset

    write_dataset(tmp_path / "paper")
    run(monkeypatch, "own_training.py", tmp_path / "paper", tmp_path / "run")
    assert "2 steps done" in capsys.readouterr().out
    assert (tmp_path / "run" / "report.html").exists() and list((tmp_path / "run" / "sheets").glob("*.png"))

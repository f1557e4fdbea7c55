from pathlib import Path

import numpy as np
import pytest

from live.puppet.values import Conditioning
from tests.train.backbone import write_backbone
from tests.train.dataset_folder import write_dataset
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.measure.drift import RUN_UP, WATCHED, grows, held_drift, long_drift, recoveries
from train.measure.feature_distance import open_feature_distance
from train.training.config import RunConfig


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(write_dataset(tmp_path_factory.mktemp("data") / "paper"))


class Feedback:
    """A player whose colours gain `gain` levels a frame, and keep `memory` of what was wrong in the previous frame."""

    def __init__(self, *, gain: float = 0.0, memory: float = 0.0, limit: int = 10**9) -> None:
        self.gain, self.memory, self.limit = gain, memory, limit
        self.reset()

    def reset(self) -> None:
        self.frames, self.error = 0, 0.0

    def step(self, conditioning: Conditioning) -> np.ndarray:
        self.frames += 1
        self.error *= self.memory
        off = self.gain * min(self.frames, self.limit) + self.error
        frame = conditioning.doll.copy()
        frame[..., :3] = np.clip(np.round(frame[..., :3] * 0.5 + off), 0, 255)
        return frame

    def disturb(self, frame: np.ndarray) -> None:
        self.error = 128.0


def pose(dataset: Dataset, index: int) -> Conditioning:
    return dataset.draw(dataset.takes["full"].placed(index, refined=False))


def test_a_held_pose_drifts_by_what_its_colour_gains(dataset: Dataset, tmp_path: Path) -> None:
    features = open_feature_distance(RunConfig("x", steps=1), str(write_backbone(tmp_path / "small.npz")))
    plate = dataset.takes["full"].plate
    drift = held_drift(Feedback(gain=0.1), pose(dataset, 0), plate, features, frames=60)  # type: ignore[arg-type]
    assert drift.colour == pytest.approx(5, abs=0.6) and drift.feature > 0
    still = held_drift(Feedback(), pose(dataset, 0), plate, features, frames=20)  # type: ignore[arg-type]
    assert (still.colour, still.feature, still.flicker, still.garbage_frames) == (0, 0, 0, 0)
    assert held_drift(Feedback(), pose(dataset, 0), plate, None, frames=20).feature != 0  # type: ignore[arg-type]


@pytest.mark.parametrize(("memory", "wanted"), [(0.0, 0), (0.3, 2), (1.0, None)])
def test_the_frames_to_recover_are_counted(dataset: Dataset, memory: float, wanted: int | None) -> None:
    motion = [pose(dataset, i % 40) for i in range(RUN_UP + WATCHED)]
    fault = np.zeros_like(motion[0].doll)
    plate = dataset.takes["full"].plate
    assert recoveries(Feedback(memory=memory), motion, plate, faults=[fault]) == [wanted]  # type: ignore[arg-type]


def test_a_long_rollout_grows_only_while_it_keeps_moving_away(dataset: Dataset) -> None:
    motion, plate = [pose(dataset, i) for i in range(20)], dataset.takes["full"].plate
    marks = (40, 60, 100)
    steps: list[int] = []
    away = long_drift(
        Feedback(gain=0.2),  # type: ignore[arg-type]
        motion,
        plate,
        None,
        marks=marks,
        progress=lambda: steps.append(1),
    )
    assert [mark.frame for mark in away] == list(marks) and len(steps) == 100
    assert [mark.colour for mark in away] == pytest.approx([4, 8, 16], abs=0.9)  # the brightest texels reach white
    assert grows(away)
    settled = long_drift(Feedback(gain=0.2, limit=30), motion, plate, None, marks=marks)  # type: ignore[arg-type]
    assert settled[0].colour > 1 and not grows(settled)

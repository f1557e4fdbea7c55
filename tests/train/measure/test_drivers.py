from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from live.puppet.values import Conditioning, Pose
from tests.train.dataset_folder import write_dataset
from tests.train.film import poses
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.measure import drivers
from train.measure.drivers import drive
from train.measure.strips import read_strip
from train.networks.player import DOLL, NETWORK, DollDrawing
from train.offline.performance import Performance


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(write_dataset(tmp_path_factory.mktemp("data") / "paper"))


class Blob:
    """The doll with a patch of matte in the corner; 10% of the doll's weight each frame."""

    def reset(self) -> None:
        return None

    def step(self, conditioning: Conditioning) -> np.ndarray:
        frame = conditioning.doll.copy()
        pixels = int(conditioning.doll[..., 3].sum() / 255 / 10)
        frame.reshape(-1, 4)[:pixels, 3] = 255
        assert not conditioning.doll[:8].any() and pixels < 6 * 128
        return frame


def test_matte_far_from_the_doll_is_counted_and_the_strip_is_written(dataset: Dataset, tmp_path: Path) -> None:
    performance = Performance("dancer", poses(40, side=320), 30.0, "fake")
    driven = drive(dataset, performance, {DOLL: DollDrawing(), NETWORK: Blob()}, tmp_path)
    assert (driven.clip, driven.take) == ("dancer", "full")
    assert driven.outside == {NETWORK: pytest.approx(100 * 0.1 / 1.1, rel=0.05)}
    assert all(read_strip(tmp_path, "dancer_full", row) is not None for row in ("performer's skeleton", DOLL, NETWORK))


def test_frames_without_anybody_are_neither_counted_nor_shown(dataset: Dataset, tmp_path: Path) -> None:
    seen = poses(40, side=320)
    gone = [replace(Pose.empty(i, i / 30, (320, 320))) for i in range(40, 60)]
    both = [drive(dataset, Performance("x", p, 30.0, "fake"), {NETWORK: Blob()}, tmp_path) for p in (seen, seen + gone)]
    assert both[0].outside == both[1].outside


def test_a_waist_up_performer_drives_the_waist_up_take(dataset: Dataset) -> None:
    half = replace(dataset, takes={"full": dataset.takes["full"], "half": replace(dataset.takes["full"], name="half")})
    seated = []
    for pose in poses(40, side=320):
        scores = pose.scores.copy()
        scores[[9, 10, 11, 12, 13, 14]] = 0
        seated.append(replace(pose, scores=scores))
    assert drivers.fitting_take(half, Performance("x", seated, 30.0, "fake")).name == "half"
    assert drivers.fitting_take(half, Performance("x", poses(40, side=320), 30.0, "fake")).name == "full"
    assert drivers.fitting_take(dataset, Performance("x", seated, 30.0, "fake")).name == "full"  # it has no other

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.dataset_folder import write_dataset
from tests.train.film import SIDE, film_frame
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.errors import TrainError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "paper", 40)


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    return open_dataset(folder)


def test_a_dataset_opens_with_what_prepare_wrote(dataset: Dataset) -> None:
    assert (dataset.name, dataset.fps, dataset.canvas, dataset.estimator) == ("paper", 30.0, (SIDE, SIDE), "recorded")
    assert list(dataset.takes) == ["full"] and dataset.pose_map_channels == 20


def test_a_sequence_gives_each_frame_with_its_conditioning(dataset: Dataset) -> None:
    found = list(dataset.sequence(dataset.takes["full"], 3, 6))
    assert len(found) == 3
    for i, (drawn, real) in enumerate(found, start=3):
        assert np.array_equal(real[..., :3], film_frame(i)[..., :3])
        assert drawn.doll.any() and drawn.frame_id == i


@pytest.mark.parametrize("text", [None, "", "{", "[]", "3"])
def test_another_folder_is_refused(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(TrainError, match="not a dataset|another format"):
        open_dataset(tmp_path)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 99}, "another format"),
        ({"fingerprint": "0123456789abcdef"}, "other drawing rules"),
        ({"puppet": {}}, "settings"),
        ({"takes": {}}, "takes"),
        ({"takes": {"none": {}}}, "cannot be read"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(TrainError, match=said):
        open_dataset(write_dataset(tmp_path / "paper", 35, **changes))


def test_a_damaged_atlas_is_refused(tmp_path: Path) -> None:
    folder = write_dataset(tmp_path / "paper", 35)
    (folder / "atlas.npz").write_bytes(b"no atlas")
    with pytest.raises(TrainError, match="atlas"):
        open_dataset(folder)

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.train.dataset_folder import write_dataset
from tests.train.film import SIDE, film_frame
from train.dataset import Batch, Dataset, Rollouts, open_dataset
from train.errors import TrainError

COUNT = 40
BAD = [5, 6, 20]  # frames of weight 0
CROP = (64, 96)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    weight = np.linspace(0.5, 1, COUNT, dtype=np.float32)
    weight[BAD] = 0
    folder = write_dataset(tmp_path_factory.mktemp("data") / "paper", COUNT, weight=weight)
    frames = np.load(folder / "full" / "frames.npy")
    frames[..., 3] = np.arange(COUNT, dtype=np.uint8)[:, None, None]  # the matte tells the frame's number
    np.save(folder / "full" / "frames.npy", frames)
    return folder


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    return open_dataset(folder)


def numbers(batch: Batch) -> np.ndarray:
    """(B, T) the frame numbers of the rollouts."""
    assert (batch.real[..., 3] == batch.real[:, :, :1, :1, 3]).all()
    return batch.real[:, :, 0, 0, 3].astype(int)


def rollouts(dataset: Dataset, length: int = 2, **options: Any) -> Rollouts:
    return Rollouts(dataset, length=length, batch=4, crop=CROP, **options)


def equal(a: Batch, b: Batch) -> bool:
    return all(np.array_equal(getattr(a, n), getattr(b, n)) for n in ("pose_map", "doll", "real", "weight"))


def test_a_dataset_opens_with_what_prepare_wrote(dataset: Dataset) -> None:
    assert (dataset.name, dataset.fps, dataset.canvas, dataset.estimator) == ("paper", 30.0, (SIDE, SIDE), "recorded")
    assert list(dataset.takes) == ["full"] and dataset.pose_map_channels == 20


def test_a_sequence_gives_each_frame_with_its_conditioning(dataset: Dataset) -> None:
    found = list(dataset.sequence(dataset.takes["full"], 3, 6))
    assert len(found) == 3
    for i, (drawn, real) in enumerate(found, start=3):
        assert np.array_equal(real[..., :3], film_frame(i)[..., :3])
        assert drawn.doll.any() and drawn.frame_id == i


@pytest.mark.parametrize("length", [1, 2, 4])
def test_rollouts_are_consecutive_frames_and_touch_neither_held_out_nor_bad_ones(dataset: Dataset, length: int) -> None:
    source = rollouts(dataset, length)
    seen = np.concatenate([numbers(source.sample()) for _ in range(30)])
    assert seen.shape == (120, length) and (np.diff(seen, axis=1) == 1).all()
    assert seen.max() < 32 and not np.isin(seen, BAD).any()
    assert len(np.unique(seen[:, 0])) > 12  # and all others have their chance
    assert seen.max() == 31 and seen.min() == 0


def test_held_out_rollouts_touch_held_out_frames_only(dataset: Dataset) -> None:
    source = rollouts(dataset, held_out=True)
    seen = np.concatenate([numbers(source.sample()) for _ in range(12)])
    assert (seen.min(), seen.max()) == (32, 39)


def test_a_rollout_weighs_as_its_least_trusted_frame(dataset: Dataset) -> None:
    batch = rollouts(dataset, 4).sample()
    assert np.array_equal(batch.weight, dataset.takes["full"].weight[numbers(batch)].min(axis=1))


def test_shapes_and_types(dataset: Dataset) -> None:
    batch = rollouts(dataset, 3).sample()
    assert batch.pose_map.shape == (4, 3, 24, 16, 20) and batch.doll.shape == batch.real.shape == (4, 3, 96, 64, 4)
    assert {a.dtype for a in (batch.pose_map, batch.doll, batch.real)} == {np.dtype(np.uint8)}
    assert batch.weight.shape == (4,) and batch.weight.dtype == np.float32


def test_crops_lie_on_the_figure(dataset: Dataset) -> None:
    source = rollouts(dataset)
    assert all(doll[..., 3].any() for _ in range(5) for doll in source.sample().doll[:, 0])


def test_equal_seeds_draw_equal_batches_and_others_do_not(dataset: Dataset) -> None:
    assert equal(rollouts(dataset, seed=7).sample(), rollouts(dataset, seed=7).sample())
    assert not equal(rollouts(dataset, seed=7).sample(), rollouts(dataset, seed=8).sample())


def test_a_saved_state_goes_on_bit_exactly(dataset: Dataset) -> None:
    source = rollouts(dataset, seed=7)
    source.sample()
    state = source.state()
    wanted = [source.sample() for _ in range(3)]
    other = rollouts(dataset, seed=1)
    other.load_state(state)
    assert all(equal(batch, other.sample()) for batch in wanted)


def test_a_saved_state_does_not_move_on_with_its_source(dataset: Dataset) -> None:
    source = rollouts(dataset, seed=7)
    state = source.state()
    first = source.sample()
    source.load_state(state)
    assert equal(first, source.sample())


def test_a_dataset_without_a_trusted_frame_is_refused(tmp_path: Path) -> None:
    dataset = open_dataset(write_dataset(tmp_path / "paper", 35, weight=np.zeros(35, np.float32)))
    with pytest.raises(TrainError, match="no frame can be trained on"):
        rollouts(dataset)


def test_rollouts_longer_than_the_take_are_refused(dataset: Dataset) -> None:
    with pytest.raises(TrainError, match="no frame can be trained on"):
        rollouts(dataset, 16)


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

from pathlib import Path

import numpy as np
import pytest

from tests.train.pair_set import write_pairs
from train.bundle.export import export_doll, export_run
from train.dataset.loader import open_dataset
from train.dataset.pairs import PairDataset, PairRollouts, open_rollouts
from train.dataset.share import Share
from train.errors import TrainError
from train.films.prepare_pairs import prepare_pairs
from train.measure.evaluate import FOLDER, Wanted, evaluate
from train.training.config import RunConfig
from train.training.run import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("pairs")
    return prepare_pairs(write_pairs(root / "set"), name="discs", out=root)


@pytest.fixture(scope="module")
def dataset(folder: Path) -> PairDataset:
    opened = open_dataset(folder)
    assert isinstance(opened, PairDataset)
    return opened


def rollouts(dataset: PairDataset, *, seed: int = 0, held_out: bool = False, length: int = 2) -> PairRollouts:
    opened = open_rollouts(dataset, length=length, batch=4, crop=(64, 32), seed=seed, held_out=held_out)
    assert isinstance(opened, PairRollouts)
    return opened


def test_picture_a_stands_in_the_dolls_place_and_there_is_no_pose(dataset: PairDataset) -> None:
    take = dataset.takes["pairs"]
    drawn, real = next(dataset.sequence(take, 5, 6))
    assert np.array_equal(drawn.doll, dataset.inputs[5]) and np.array_equal(real, take.frames[5])
    assert not drawn.pose_map.any() and drawn.pose_map.shape == (24, 32, dataset.pose_map_channels)
    assert dataset.canvas == (128, 96) and not dataset.has_poses
    assert (take.trained_on, take.held_out) == (range(12), range(12, 15))


def test_a_batch_holds_windows_of_the_same_place_of_a_and_b(dataset: PairDataset) -> None:
    batch = rollouts(dataset).sample()
    assert batch.doll.shape == batch.real.shape == (4, 2, 32, 64, 4) and (batch.weight == 1).all()
    disc, ground = batch.doll[..., 0] > 250, batch.doll[..., 0] < 5
    assert disc.any() and (batch.real[..., 0][disc] > 190).all() and (batch.real[..., 0][ground] < 30).all()
    assert not batch.pose_map.any() and (batch.real[..., 3] == 255).all() and np.isnan(batch.spots).all()


def test_held_out_pairs_are_never_trained_on(dataset: PairDataset) -> None:
    source, held = rollouts(dataset), rollouts(dataset, held_out=True)
    blues = [batch.real[..., 2].max() for batch in (source.sample() for _ in range(20))]
    assert max(blues) >= 100 and min(int(held.sample().real[..., 2].min()) for _ in range(5)) >= 30
    with pytest.raises(TrainError, match="too few pairs for a rollout; got: 3; wanted: 8"):
        rollouts(dataset, held_out=True, length=8)


def test_rollouts_are_seeded_go_on_from_a_state_and_divide_among_processes(dataset: PairDataset) -> None:
    one, other = rollouts(dataset), rollouts(dataset)
    one.sample()
    other.load_state(one.state())
    whole = one.sample()
    assert np.array_equal(whole.real, other.sample().real)
    again = rollouts(dataset)
    again.sample()
    assert np.array_equal(again.sample(Share(1, 2)).real, whole.real[2:])


@pytest.mark.usefixtures("short_drift")
def test_a_run_learns_from_pairs_is_measured_and_is_not_exported(folder: Path, tmp_path: Path) -> None:
    config = RunConfig(dataset=str(folder), steps=2, batch=4, crop=(64, 64), gan_start=1, precision="fp32")
    assert run(tmp_path / "run", config)
    evaluate(tmp_path / "run", Wanted(frames=2))
    assert "pairs" in (tmp_path / "run" / FOLDER / "metrics.md").read_text()
    for export in (
        lambda: export_run(tmp_path / "run", tmp_path / "out"),
        lambda: export_doll(folder, tmp_path / "out"),
    ):
        with pytest.raises(TrainError, match="picture pairs make no puppet"):
            export()
    assert not (tmp_path / "out").exists()


def test_a_damaged_dataset_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "dataset.json").write_bytes((folder / "dataset.json").read_bytes())
    with pytest.raises(TrainError, match="cannot be read"):
        open_dataset(tmp_path / "x")

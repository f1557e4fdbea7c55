from pathlib import Path
from typing import Any

import numpy as np
import pytest

from live.puppet import topology as T
from live.puppet.values import PlacedPose
from tests.train.dataset_folder import write_dataset
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.dataset.rollouts import Batch, Rollouts, cut, find_spots
from train.dataset.share import Share
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
    names = ("pose_map", "doll", "real", "spots", "weight")
    return all(np.array_equal(getattr(a, n), getattr(b, n), equal_nan=n == "spots") for n in names)


@pytest.mark.parametrize("length", [1, 2, 4])
def test_rollouts_run_forward_by_steps_of_up_to_three_and_touch_neither_held_out_nor_bad_frames(
    dataset: Dataset, length: int
) -> None:
    source = rollouts(dataset, length)
    seen = np.concatenate([numbers(source.sample()) for _ in range(30)])
    strides = np.diff(seen, axis=1)
    assert seen.shape == (120, length) and np.isin(strides, (1, 2, 3)).all()
    assert (strides == strides[:, :1]).all() and (length == 1 or strides.max() > 1)
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
    assert batch.spots.shape == (4, 3, 3, 2) and batch.spots.dtype == np.float32


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


def test_two_processes_share_what_one_draws_alone(dataset: Dataset) -> None:
    whole = rollouts(dataset, seed=7).sample()
    halves = [rollouts(dataset, seed=7).sample(Share(rank, 2)) for rank in (0, 1)]
    assert np.array_equal(whole.doll, np.concatenate([half.doll for half in halves]))


def test_a_window_shown_larger_holds_the_same_point_at_its_centre_and_half_as_much() -> None:
    y, x = np.mgrid[:128, :128]
    frame = np.stack([x, y, x, np.full_like(x, 255)], axis=2).astype(np.uint8)
    centre = np.array([64.0, 64.0])
    plain, large = (cut(frame, (32, 32), (64, 64), zoom, centre) for zoom in (1.0, 2.0))
    assert np.array_equal(plain, frame[32:96, 32:96])
    assert large[0, 0, 0] == pytest.approx(48, abs=1) and large[-1, -1, 1] == pytest.approx(79, abs=1)
    assert abs(int(large[32, 32, 0]) - int(plain[32, 32, 0])) <= 1


def test_spots_are_the_face_and_beyond_the_wrists_and_nothing_outside_the_window() -> None:
    points, scores = np.zeros((137, 2), np.float32), np.ones(137, np.float32)
    points[T.NOSE] = 50, 20
    points[T.R_ELBOW], points[T.R_WRIST] = (20, 60), (20, 90)
    points[T.L_ELBOW], points[T.L_WRIST] = (90, 60), (120, 60)  # the hand is outside
    spots = find_spots(PlacedPose(0, 0.0, points, scores, 50.0), (8, 4), (100, 120))
    assert spots[0].tolist() == [42, 16] and spots[1] == pytest.approx([12, 95.9])
    assert np.isnan(spots[2]).all()
    scores[T.R_ELBOW] = 0
    assert np.isnan(find_spots(PlacedPose(0, 0.0, points, scores, 50.0), (8, 4), (100, 120))[1]).all()

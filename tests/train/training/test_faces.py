from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from live.puppet import topology as T
from tests.train.dataset_folder import write_dataset
from tests.train.trained_run import write_run
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.networks.player import Player
from train.training import faces as faces_module
from train.training.checkpoint import deployed, load_checkpoint
from train.training.faces import WARM_UP, FacePairs, Faces, collect_faces

COUNT = 200
BAD = range(60, 63)  # poses of weight 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    weight = np.ones(COUNT, np.float32)
    weight[list(BAD)] = 0
    weight[63:] = 0.5
    return write_dataset(tmp_path_factory.mktemp("data") / "paper", COUNT, weight=weight)


@pytest.fixture(scope="module")
def dataset(folder: Path) -> Dataset:
    return open_dataset(folder)


@pytest.fixture(scope="module")
def run(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "run", folder)


def player(run: Path) -> Player:
    return Player(deployed(load_checkpoint(run)))


@pytest.fixture(scope="module")
def faces(dataset: Dataset, run: Path) -> Faces:
    return collect_faces(dataset, player(run), limit=1000, held_out=False)


def with_points(dataset: Dataset, change: np.ndarray) -> Dataset:
    take = dataset.takes["full"]
    return replace(dataset, takes={"full": replace(take, placed_px=change, registered_px=change)})


def test_faces_come_from_the_frames_that_are_trained_on_and_trusted(faces: Faces) -> None:
    """Two stretches of 65 frames fit into 160; 3 frames of the first are distrusted."""
    assert len(faces) == 2 * 60 - len(BAD)
    assert set(np.unique(faces.weight)) == {0.5, 1.0}
    assert (~faces.has_next).sum() == 3, "it breaks where frames are left out, between the stretches, and at the end"
    assert faces.generated[..., 3].any() and faces.face_map.any() and faces.real.any()


def test_pairs_are_consecutive_frames_in_an_order_that_the_seed_sets(faces: Faces) -> None:
    a, b = (FacePairs(faces, batch=3, seed=4) for _ in range(2))
    first = a.sample()
    assert np.array_equal(first.generated, b.sample().generated)
    state = a.state()
    second = a.sample()
    assert not np.array_equal(first.generated, second.generated)
    b.load_state(state)
    assert np.array_equal(b.sample().real, second.real)
    for pair in range(3):
        (at,) = [i for i in range(len(faces)) if np.array_equal(faces.real[i], second.real[pair, 0])][:1]
        assert faces.has_next[at] and np.array_equal(faces.real[at + 1], second.real[pair, 1])
    assert second.weight.shape == (3,)


def test_the_limit_holds_and_held_out_faces_are_others(dataset: Dataset, run: Path, faces: Faces) -> None:
    assert len(collect_faces(dataset, player(run), limit=60, held_out=False)) <= 60
    held_out = collect_faces(dataset, player(run), limit=120, held_out=True)
    assert 0 < len(held_out) <= COUNT // 5 - WARM_UP
    ours = {real.tobytes() for real in faces.real}
    assert ours.isdisjoint(real.tobytes() for real in held_out.real)


def test_the_same_generator_gives_the_same_faces(dataset: Dataset, run: Path, faces: Faces) -> None:
    again = collect_faces(dataset, player(run), limit=1000, held_out=False)
    assert np.array_equal(again.generated, faces.generated) and np.array_equal(again.face_map, faces.face_map)


def test_heads_from_behind_and_poses_without_a_head_give_no_face(dataset: Dataset, run: Path) -> None:
    take = dataset.takes["full"]
    behind = take.placed_px.copy()
    behind[:, [T.R_EAR, T.L_EAR]] = behind[:, [T.L_EAR, T.R_EAR]]
    assert len(collect_faces(with_points(dataset, behind), player(run), limit=1000, held_out=False)) == 0
    scores = take.scores.copy()
    scores[:, [T.NOSE, T.R_EYE, T.L_EYE, T.R_EAR, T.L_EAR]] = 0
    headless = replace(dataset, takes={"full": replace(take, scores=scores)})
    nobody = collect_faces(headless, player(run), limit=1000, held_out=False)
    assert len(nobody) == 0 and nobody.generated.shape[1:] == (128, 128, 4)


def test_some_stretches_have_the_poses_as_live_sees_them(
    dataset: Dataset, run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    whole = Dataset.sequence

    def sequence(self: Dataset, *arguments: object, refined: bool = False) -> object:
        asked.append(refined)
        return whole(self, *arguments, refined=refined)  # type: ignore[arg-type]

    monkeypatch.setattr(Dataset, "sequence", sequence)
    monkeypatch.setattr(faces_module, "SEGMENT", 10)
    collect_faces(dataset, player(run), limit=80, held_out=False)
    collect_faces(dataset, player(run), limit=20, held_out=True)
    assert asked == [False, True, True, True, False, True, True, True, False, False]

"""What training learns is what live draws: one clip through both sides gives equal bytes."""

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tqdm", reason="the trainer is not installed")

from live.estimator.recorded import RecordedEstimator
from live.performer.recording import load_poses, save_poses
from live.puppet.condition import Conditioner
from live.puppet.values import Frame
from live.render.face import Face
from tests.live.face_engine import FaceEngine
from tests.train.dataset_folder import SOURCE_SIDE, write_dataset
from tests.train.film import CONFIG, SIDE, poses
from tests.train.trained_run import write_run
from train.dataset import disturbance, rollouts
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.dataset.rollouts import Rollouts
from train.networks.player import Player
from train.training.checkpoint import deployed, load_checkpoint
from train.training.faces import WARM_UP, collect_faces

COUNT = 40
BLACK = np.zeros((SIDE, SIDE, 3), np.uint8)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return open_dataset(write_dataset(tmp_path_factory.mktemp("data") / "paper", COUNT))


def test_pose_maps_and_dolls_of_a_clip_are_byte_equal_in_training_and_live(dataset: Dataset, tmp_path: Path) -> None:
    save_poses(tmp_path / "clip.npz", poses(COUNT, side=SOURCE_SIDE), estimator="recorded")
    estimator = RecordedEstimator(load_poses(tmp_path / "clip.npz")[0])
    take = dataset.takes["full"]
    live = Conditioner(CONFIG, target=take.stats, atlas=dataset.atlas, performer=take.source_stats)
    trained = dataset.sequence(take, 0, COUNT)
    for i, (learned, _) in enumerate(trained):
        drawn = live.step(estimator.estimate(Frame(i, i / 30, BLACK)))
        assert drawn.pose_map.any() and drawn.doll.any()
        assert np.array_equal(drawn.pose_map, learned.pose_map), f"frame {i}"
        assert np.array_equal(drawn.doll, learned.doll), f"frame {i}"
        assert drawn.face_box == learned.face_box


def test_undisturbed_crops_are_cut_from_what_is_drawn_on_the_canvas(
    dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rollouts, "align", lambda doll, film: film)
    monkeypatch.setattr(rollouts, "ZOOM_SHARE", 0.0)
    for name, value in (("REFINED", 0.5), ("FOUND", 0.5), ("DISTURBED", 0.0), ("LOSABLE", ())):
        monkeypatch.setattr(disturbance, name, value)
    monkeypatch.setattr(disturbance, "STRIDE_SHARES", (1.0, 0.0, 0.0))
    take = dataset.takes["full"]
    whole = {
        refined: list(dataset.sequence(take, 0, take.trained_on.stop, refined=refined)) for refined in (False, True)
    }
    batch = Rollouts(dataset, length=2, batch=6, crop=(64, 96), seed=3).sample()
    for b in range(6):
        places = [
            (refined, i, x, y)
            for refined, frames in whole.items()
            for i in range(len(frames) - 1)
            for x in range(0, SIDE - 64 + 1, 4)
            for y in range(0, SIDE - 96 + 1, 4)
            if np.array_equal(frames[i][1][y : y + 96, x : x + 64], batch.real[b, 0])
            and np.array_equal(frames[i][0].doll[y : y + 96, x : x + 64], batch.doll[b, 0])
        ]
        assert places, f"rollout {b} shows what was never drawn"
        refined, i, x, y = places[0]
        for t in range(2):
            drawn, real = whole[refined][i + t]
            assert np.array_equal(batch.doll[b, t], drawn.doll[y : y + 96, x : x + 64])
            assert np.array_equal(batch.real[b, t], real[y : y + 96, x : x + 64])
            cut = drawn.pose_map[y // 4 : (y + 96) // 4, x // 4 : (x + 64) // 4]
            assert np.array_equal(batch.pose_map[b, t], cut)


def test_faces_are_cut_for_training_as_live_cuts_them(dataset: Dataset, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", dataset.folder)
    take, engine = dataset.takes["full"], FaceEngine()
    learned = collect_faces(dataset, Player(deployed(load_checkpoint(run))), limit=COUNT, held_out=True)
    player, live = Player(deployed(load_checkpoint(run))), Face(engine)  # type: ignore[arg-type]
    for drawn, _ in dataset.sequence(take, take.held_out.start, take.held_out.stop):
        live.paint(player.step(drawn).copy(), drawn)
    assert len(learned) == len(take.held_out) - WARM_UP
    for i, feeds in enumerate(engine.feeds[WARM_UP:]):
        assert np.array_equal(feeds["crop"][0], learned.generated[i]), f"face {i}"
        assert np.array_equal(feeds["face_map"][0], learned.face_map[i]), f"face {i}"

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from live.scene.idle_loop import load_idle
from tests.train.dataset_folder import write_dataset
from train.bundle.idle import LONGEST_S, SHORTEST_S, idle_loop
from train.dataset.loader import open_dataset
from train.dataset.take import Take
from train.errors import TrainError

FPS = 30.0


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Take:
    return open_dataset(write_dataset(tmp_path_factory.mktemp("data") / "paper")).takes["full"]


def filmed(take: Take, points: np.ndarray) -> Take:
    """The take with these poses (N, 137, 2) instead."""
    count = len(points)
    return replace(
        take,
        placed_px=points.astype(np.float32),
        scores=np.ones((count, 137), np.float32),
        size_px=np.full(count, 30, np.float32),
        weight=np.ones(count, np.float32),
        frames=np.zeros((count, 1, 1, 4), np.uint8),
    )


def dance_then_rest(take: Take) -> np.ndarray:
    """20 s: ten of wild dancing, ten of slow breathing."""
    t = np.arange(600)[:, None, None] / FPS
    wild = 20 * np.sin(t * np.linspace(3, 9, 137)[None, :, None])
    return take.placed_px[0] + np.where(t < 10, wild, np.sin(t * 2 * np.pi / 5))


def test_the_calm_stretch_is_chosen(take: Take) -> None:
    points = dance_then_rest(take)
    loop = idle_loop(filmed(take, points), FPS)
    assert SHORTEST_S * FPS <= len(loop["points_px"]) <= LONGEST_S * FPS
    assert np.abs(loop["points_px"] - take.placed_px[0]).max() < 1.5


def test_the_loop_closes_without_a_jerk(take: Take) -> None:
    points = dance_then_rest(take)
    drifting = points + np.arange(600)[:, None, None] * 0.05  # never the same place twice
    loop = idle_loop(filmed(take, drifting), FPS)["points_px"]
    steps = np.abs(np.diff(np.concatenate([loop, loop[:1]]), axis=0)).mean(axis=(1, 2))
    assert steps[-1] < 1.2 * steps[:-1].max()
    assert steps.max() < 0.1 * len(loop) * 0.05  # the bare ends are ten times as far apart as any step


def test_a_sway_is_looped_at_its_own_period(take: Take) -> None:
    t = np.arange(600)[:, None, None] / FPS
    turning = np.stack([np.cos(t * 2 * np.pi / 5.5), np.sin(t * 2 * np.pi / 5.5)], axis=2)[:, 0]  # equal speed always
    loop = idle_loop(filmed(take, take.placed_px[0] + 10 * turning.reshape(600, 1, 2)), FPS)
    assert len(loop["points_px"]) == pytest.approx(5.5 * FPS, abs=8)


def test_live_reads_the_loop(take: Take, tmp_path: Path) -> None:
    np.savez(tmp_path / "idle.npz", **idle_loop(filmed(take, dance_then_rest(take)), FPS))
    assert load_idle(tmp_path / "idle.npz").fps == FPS


def test_a_take_without_a_stretch_in_view_is_refused(take: Take) -> None:
    film = filmed(take, dance_then_rest(take))
    film.scores[::3] = 0
    with pytest.raises(TrainError, match="idle loop"):
        idle_loop(film, FPS)

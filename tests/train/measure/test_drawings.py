from pathlib import Path

import numpy as np
import pytest

from live.puppet.values import Conditioning
from tests.train.dataset_folder import write_dataset
from tests.train.trained_run import write_run
from train.dataset.loader import open_dataset
from train.measure.drawings import open_drawings
from train.networks.player import DOLL, NETWORK, WITH_FACE, WITHOUT_FEEDBACK, FaceDrawing, Player
from train.training import face
from train.training.checkpoint import deployed, load_checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("player")
    return write_run(root / "run", write_dataset(root / "paper"))


@pytest.fixture(scope="module")
def drawn(folder: Path) -> Conditioning:
    dataset = open_dataset(Path(load_checkpoint(folder).config.dataset))
    return dataset.draw(dataset.takes["full"].placed(0, refined=False))


class Blush:
    """A face that paints one pixel."""

    def paint(self, frame: np.ndarray, conditioning: Conditioning) -> None:
        frame[0, 0] = 77


def test_a_player_feeds_back_its_own_frames(folder: Path, drawn: Conditioning) -> None:
    opened = Player(deployed(load_checkpoint(folder)))
    first, second = opened.step(drawn).copy(), opened.step(drawn).copy()
    assert not np.array_equal(first, second)
    opened.disturb(np.zeros_like(first))
    assert np.array_equal(opened.step(drawn), first)


def test_a_reset_player_behaves_as_new(folder: Path, drawn: Conditioning) -> None:
    opened = Player(deployed(load_checkpoint(folder)))
    first = opened.step(drawn).copy()
    opened.step(drawn)
    opened.reset()
    assert np.array_equal(opened.step(drawn), first)


def test_without_feedback_every_frame_is_a_first_one(folder: Path, drawn: Conditioning) -> None:
    network = deployed(load_checkpoint(folder))
    first = Player(network).step(drawn).copy()
    opened = Player(network, feedback=False)
    assert all(np.array_equal(opened.step(drawn), first) for _ in range(2))


def test_a_painted_face_is_not_fed_back(folder: Path, drawn: Conditioning) -> None:
    network = deployed(load_checkpoint(folder))
    plain, painted = Player(network), FaceDrawing(Player(network), Blush())
    for _ in range(2):
        without, with_face = plain.step(drawn).copy(), painted.step(drawn)
        assert (with_face[0, 0] == 77).all() and not (without[0, 0] == 77).all()
        with_face[0, 0] = without[0, 0]
        assert np.array_equal(with_face, without)


def test_a_run_is_drawn_in_every_way_that_it_has(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = load_checkpoint(folder)
    assert list(open_drawings(folder, checkpoint)) == [DOLL, NETWORK]
    monkeypatch.setattr(face, "open_face", lambda folder: Blush())
    assert set(open_drawings(folder, checkpoint, steady=True)) == {DOLL, NETWORK, WITHOUT_FEEDBACK, WITH_FACE}

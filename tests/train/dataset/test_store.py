from pathlib import Path

import numpy as np
import pytest

from train.dataset import store


@pytest.fixture
def frames(tmp_path: Path) -> np.ndarray:
    np.save(tmp_path / "frames.npy", np.arange(4_000_000, dtype=np.uint8).reshape(-1, 100, 100, 4))
    mapped: np.ndarray = np.load(tmp_path / "frames.npy", mmap_mode="r")
    return mapped


class Mapped:
    """Stands in for the map of a file; tells what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def madvise(self, option: int) -> None:
        self.asked.append(option)


@pytest.mark.parametrize(("memory", "words", "asked"), [(1e7, "kept in memory", 1), (5e6, "from the disk", 0)])
def test_frames_are_read_ahead_where_they_fit(
    frames: np.ndarray, monkeypatch: pytest.MonkeyPatch, memory: float, words: str, asked: int
) -> None:
    mapped = Mapped()
    monkeypatch.setattr(frames, "_mmap", mapped)
    assert words in store.settle([frames], memory=memory)
    assert len(mapped.asked) == asked


def test_frames_stay_where_and_what_they_are(frames: np.ndarray) -> None:
    before = frames.copy()
    assert "kept in memory" in store.settle([frames])  # 4 MB fit into any computer
    assert isinstance(frames, np.memmap) and np.array_equal(frames, before)

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.train.dataset_folder import write_dataset
from tests.train.film import wall
from train.dataset.take import BENDS, Take, open_take, save_poses_of
from train.errors import TrainError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_dataset(tmp_path / "paper", 35)


def opened(folder: Path) -> Take:
    entry = json.loads((folder / "dataset.json").read_text())["takes"]["full"]
    return open_take(folder / "full", entry)


def test_a_take_opens_with_arrays_that_belong_together(folder: Path) -> None:
    take = opened(folder)
    assert len(take) == 35 and take.name == "full" and take.frames.shape == (35, 128, 128, 4)
    assert take.placed_px.shape == take.registered_px.shape == (35, 137, 2) and take.scores.shape == (35, 137)
    assert take.size_px.shape == take.t_s.shape == take.weight.shape == (35,)
    assert np.array_equal(take.plate, wall())  # RGB again


def test_the_frames_are_mapped_and_cannot_be_written_to(folder: Path) -> None:
    take = opened(folder)
    assert isinstance(take.frames, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        take.frames[0, 0, 0, 0] = 1


def test_the_last_fifth_is_held_out(folder: Path) -> None:
    take = opened(folder)
    assert (take.trained_on, take.held_out) == (range(28), range(28, 35))


def test_a_frames_pose_is_as_found_or_bends_where_the_picture_does(folder: Path) -> None:
    take = opened(folder)
    placed, refined = take.placed(4, refined=False), take.placed(4, refined=True)
    assert np.array_equal(placed.points_px, take.placed_px[4])
    moved = (refined.points_px != placed.points_px).any(axis=1)
    assert np.flatnonzero(moved).tolist() == sorted(BENDS)
    assert np.array_equal(refined.points_px[BENDS], take.registered_px[4, BENDS])
    assert (placed.frame_id, placed.t_capture_s, placed.size_px) == (4, float(take.t_s[4]), float(take.size_px[4]))


def cut(name: str) -> Callable[[Path], None]:
    def damage(take: Path) -> None:
        whole = (take / name).read_bytes()
        (take / name).write_bytes(whole[: len(whole) // 2])

    return damage


def shorten(take: Path) -> None:
    with np.load(take / "placed.npz") as data:
        save_poses_of(take, **{**dict(data), "weight": data["weight"][:-1]})


def forget_scores(take: Path) -> None:
    with np.load(take / "placed.npz") as data:
        save_poses_of(take, **{name: data[name] for name in data.files if name != "scores"})


@pytest.mark.parametrize(
    "damage",
    [
        lambda take: (take / "frames.npy").unlink(),
        lambda take: (take / "placed.npz").unlink(),
        lambda take: (take / "plate.png").unlink(),
        lambda take: np.save(take / "frames.npy", np.zeros((35, 64, 64, 4), np.uint8)),
        cut("frames.npy"),
        cut("placed.npz"),
        shorten,
        forget_scores,
    ],
)
def test_a_take_whose_files_do_not_fit_is_refused(folder: Path, damage: Callable[[Path], object]) -> None:
    damage(folder / "full")
    with pytest.raises(TrainError, match="cannot be read.*do this: prepare it again"):
        opened(folder)


def test_poses_of_more_frames_than_there_are_pictures_are_not_unpacked(folder: Path) -> None:
    save_poses_of(folder / "full", placed_px=np.zeros((100_000, 137, 2), np.float32))  # 100 kB that become 110 MB
    with pytest.raises(TrainError, match="placed_px is too large"):
        opened(folder)


@pytest.mark.parametrize("entry", [{}, {"stats": {}, "source_stats": {}}])
def test_a_take_without_statistics_is_refused(folder: Path, entry: dict[str, object]) -> None:
    with pytest.raises(TrainError, match="cannot be read"):
        open_take(folder / "full", entry)


def test_no_half_written_poses_under_the_final_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk_full(file: object, **arrays: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError("no space left on device")

    before = (folder / "full" / "placed.npz").read_bytes()
    monkeypatch.setattr(np, "savez_compressed", disk_full)
    with pytest.raises(OSError, match="no space"):
        save_poses_of(folder / "full", weight=np.ones(3))
    assert (folder / "full" / "placed.npz").read_bytes() == before

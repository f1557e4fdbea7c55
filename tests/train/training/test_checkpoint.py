from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from train.errors import TrainError
from train.training.checkpoint import BEST, NAME, Checkpoint, load_checkpoint, save_checkpoint
from train.training.config import RunConfig


def checkpoint(steps_done: int = 7) -> Checkpoint:
    return Checkpoint(
        config=RunConfig("data", minutes=2.5, crop=(64, 96)),
        steps_done=steps_done,
        elapsed_s=1.5,
        rollout_length=4,
        pose_map_channels=20,
        fingerprint="abc",
        trainer={"weights": torch.arange(3.0)},
        data=dict(np.random.default_rng(3).bit_generator.state),
        best=0.25,
        pending=[[1.0, 0.1], [2.0, 0.2]],
    )


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint())
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    back = load_checkpoint(tmp_path)
    assert torch.equal(back.trainer["weights"], torch.arange(3.0))
    plain = {field.name for field in fields(Checkpoint)} - {"trainer"}
    for name in plain:
        assert getattr(back, name) == getattr(checkpoint(), name)
    rng = np.random.default_rng(0)
    rng.bit_generator.state = back.data
    assert rng.random() == np.random.default_rng(3).random()


def test_the_best_and_the_last_are_two_files(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint(7), best=True)
    save_checkpoint(tmp_path, checkpoint(8))
    assert sorted(path.name for path in tmp_path.iterdir()) == [BEST, NAME]
    assert load_checkpoint(tmp_path).steps_done == 8 and load_checkpoint(tmp_path, best=True).steps_done == 7


def test_a_run_without_a_best_one_says_what_to_do(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint())
    with pytest.raises(TrainError, match=r"best\.pt.*leave out --best"):
        load_checkpoint(tmp_path, best=True)


def test_a_full_disk_leaves_the_last_checkpoint_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_checkpoint(tmp_path, checkpoint(7))

    def full(values: Any, file: Any) -> None:
        file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(TrainError, match="No space left.*room"):
        save_checkpoint(tmp_path, checkpoint(8))
    assert load_checkpoint(tmp_path).steps_done == 7
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_folder_without_checkpoint_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no checkpoint"):
        load_checkpoint(tmp_path)


def test_a_damaged_checkpoint_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint())
    whole = (tmp_path / NAME).read_bytes()
    for broken in (b"", whole[: len(whole) // 2], b"not a checkpoint"):
        (tmp_path / NAME).write_bytes(broken)
        with pytest.raises(TrainError, match="damaged"):
            load_checkpoint(tmp_path)


def test_a_checkpoint_of_another_version_is_refused(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint())
    values = torch.load(tmp_path / NAME, weights_only=True)
    torch.save({**values, "version": 0}, tmp_path / NAME)
    with pytest.raises(TrainError, match="another version"):
        load_checkpoint(tmp_path)


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"version": Trap()}, tmp_path / NAME)
    with pytest.raises(TrainError, match="damaged"):
        load_checkpoint(tmp_path)
    assert not (tmp_path / "sprung").exists()

import math
import zipfile
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from train.errors import TrainError
from train.training.checkpoint import BEST, NAME, Checkpoint, load_checkpoint, save_checkpoint
from train.training.config import RunConfig
from train.training.face_checkpoint import NAME as FACE
from train.training.face_checkpoint import load_face


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


@pytest.mark.parametrize(
    "change",
    [
        *({"steps_done": value} for value in (-1, 1.5, True, "7", math.inf, 10**30, None)),
        *({"elapsed_s": value} for value in (-1.0, math.nan, math.inf, "1", 10**400)),
        *({"best": value} for value in (math.nan, "1", None)),
        *({"pending": value} for value in (None, 3, [1.0], [["a"]], [[math.nan]])),
        *({"config": value} for value in (None, "", "[]", "3", "[" * 100_000, '{"crop": [1e999, 2]}')),
        *({"data": value} for value in (None, "NaN", "{" * 100_000, "9" * 5000)),
        *({"rollout_length": 0}, {"fingerprint": 3}, {"trainer": None}, {"trainer": {3: 4}}),
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_checkpoint_with_a_value_that_cannot_be_is_refused(change: dict[str, Any], tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint())
    values = torch.load(tmp_path / NAME, weights_only=True)
    torch.save({**values, **change}, tmp_path / NAME)
    with pytest.raises(TrainError, match=r"damaged|of another version"):
        load_checkpoint(tmp_path)


@pytest.mark.parametrize(
    "change",
    [
        *({"steps": value} for value in ("3", 1.5, -1, 10**30, None)),
        *({"minutes": value} for value in (-1.0, "2", True)),
        *({"crop": value} for value in ([64], [64, 96, 1], "64", [64.0, 96], [64, 1 << 30], [-32, 32])),
        *({"lengthen_at": value} for value in (0.5, ["a"], [0.1] * 99)),
        *({"weights": value} for value in (None, {"composite": "6"}, {"more": 1.0}, {"composite": -1.0})),
        *({"batch": 1 << 30, "seed": 0}, {"dataset": 3}, {"doll": 1}, {"precision": ["bf16"]}, {"surprise": 1}),
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_configuration_with_a_value_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(TrainError):
        RunConfig.from_json(checkpoint().config.to_json() | change)


@pytest.mark.parametrize("version", ["\ud800", torch.arange(3), "x" * 999], ids=["surrogate", "tensor", "long"])
@pytest.mark.parametrize("kind", ["generator", "face"])
def test_a_version_that_is_no_number_is_refused_in_words_that_can_be_printed(
    version: object, kind: str, tmp_path: Path
) -> None:
    torch.save({"version": version, "map": version}, tmp_path / (NAME if kind == "generator" else FACE))
    with pytest.raises(TrainError, match="of another version") as refused:
        load_checkpoint(tmp_path) if kind == "generator" else load_face(tmp_path)
    assert str(refused.value).encode() and len(str(refused.value)) < 500


def test_a_checkpoint_whose_tensors_are_packed_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    save_checkpoint(tmp_path, checkpoint())
    with zipfile.ZipFile(tmp_path / NAME) as old, zipfile.ZipFile(tmp_path / "x", "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    (tmp_path / "x").replace(tmp_path / NAME)
    with pytest.raises(TrainError, match="tensors are compressed"):
        load_checkpoint(tmp_path)


def test_a_checkpoint_cannot_run_code(tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return (Path.touch, (tmp_path / "sprung",))

    torch.save({"version": Trap()}, tmp_path / NAME)
    with pytest.raises(TrainError, match="damaged"):
        load_checkpoint(tmp_path)
    assert not (tmp_path / "sprung").exists()

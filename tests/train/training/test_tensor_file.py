from pathlib import Path

import pytest
import torch

from train.errors import TrainError
from train.training import tensor_file
from train.training.tensor_file import read_tensors, write_tensors


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_tensors(tmp_path / "a.pt", {"weights": torch.arange(3), "step": 4})
    values = read_tensors(tmp_path / "a.pt")
    assert torch.equal(values["weights"], torch.arange(3)) and values["step"] == 4
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tensors(tmp_path / "a.pt", {"step": 1})

    def full(values: object, file: object) -> None:
        file.write(b"half")  # type: ignore[attr-defined]
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tensor_file.torch, "save", full)
    with pytest.raises(TrainError, match=r"cannot write .*a\.pt.*No space left.*make room"):
        write_tensors(tmp_path / "a.pt", {"step": 2})
    assert read_tensors(tmp_path / "a.pt") == {"step": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize("damage", ["cut", "other", "code", "missing"])
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "a.pt"
    write_tensors(path, {"weights": torch.arange(1000)})
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:500])
    elif damage == "other":
        torch.save([1, 2], path)
    elif damage == "code":
        torch.save({"run": print}, path)
    else:
        path.unlink()
    with pytest.raises(TrainError, match=r"a damaged file.*a\.pt"):
        read_tensors(path)

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from engines.errors import EngineError
from engines.system.whole_folder import MARKER
from tests.killed import kill_at_every_step
from tests.train.pair_set import write_pairs
from tests.train.picture_set import write_rgb
from train.errors import TrainError
from train.films.extracted_source import FrameFile
from train.films.joined import joined
from train.films.prepare_pairs import canvas_of, holds_pairs, prepare_pairs
from train.films.sources import prepare_paths


def test_pairs_become_a_dataset_whose_test_pictures_are_held_out(tmp_path: Path) -> None:
    folder = prepare_pairs(write_pairs(tmp_path / "set"), name="x", out=tmp_path)
    manifest = json.loads((folder / "dataset.json").read_text())
    assert manifest["kind"] == "pairs" and manifest["first_held_out"] == 12 and manifest["pairs"] == 15
    for name in ("inputs.npy", "frames.npy"):
        frames = np.load(folder / "pairs" / name)
        assert frames.shape == (15, 96, 128, 4) and (frames[..., 3] == 255).all()
    assert np.load(folder / "pairs" / "frames.npy")[4, 1, 1, 2] == 94  # the fifth B, in the order of names


def test_without_test_pictures_the_last_fifth_is_held_out(tmp_path: Path) -> None:
    folder = prepare_pairs(write_pairs(tmp_path / "set", train=20, test=0), name="x", out=tmp_path)
    assert json.loads((folder / "dataset.json").read_text())["first_held_out"] == 16


def rename(folder: Path, name: Callable[[int], str]) -> None:
    for path in list(folder.iterdir()):
        path.rename(folder / (name(int(path.stem)) + path.suffix))


def test_a_picture_without_a_partner_is_refused_with_its_name(tmp_path: Path) -> None:
    """As many in A as in B, so that by their order 4 would be learned against 3."""
    folder = write_pairs(tmp_path / "set")
    (folder / "train_A" / "003.png").unlink()
    (folder / "train_B" / "010.png").unlink()
    with pytest.raises(
        TrainError, match=r"do not pair: set; got: missing in train_A: 003.png, missing in train_B: 010"
    ):
        prepare_pairs(folder, name="x", out=tmp_path)
    assert not (tmp_path / "x").exists() and not (tmp_path / "x.part").exists()


def test_a_folder_without_its_partner_is_refused(tmp_path: Path) -> None:
    folder = write_pairs(tmp_path / "set")
    for path in (folder / "test_B").iterdir():
        path.unlink()
    with pytest.raises(TrainError, match="do not pair: set; got: no pictures in test_B: an empty folder"):
        prepare_pairs(folder, name="x", out=tmp_path)
    (folder / "test_B").rmdir()
    with pytest.raises(TrainError, match="do not pair: set; got: no pictures in test_B: there is no such folder"):
        prepare_pairs(folder, name="x", out=tmp_path)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("{}", "{:03d}"),
        ("{}_A", "{}_B"),
        ("{}", "{}_real"),
        ("Frame_{:04d}_label", "frame_{}"),
        ("label-{}", "photo-{:05d}"),
        ("aachen_{:06d}_gtFine_color", "aachen_{:06d}_leftImg8bit"),
        ("take2 ({})", "take2_real ({})"),
    ],
)
def test_pictures_are_joined_by_name_in_natural_order(tmp_path: Path, a: str, b: str) -> None:
    folder = write_pairs(tmp_path / "set", test=0)
    rename(folder / "train_A", a.format)
    rename(folder / "train_B", b.format)
    pairs = joined(folder, "train", "set")
    assert [(one.stem, other.stem) for one, other in pairs] == [(a.format(i), b.format(i)) for i in range(12)]


def test_numbers_that_end_alike_are_not_cut(tmp_path: Path) -> None:
    folder = write_pairs(tmp_path / "set", test=0)
    rename(folder / "train_A", lambda i: f"{i}0")
    rename(folder / "train_B", lambda i: f"{i}0_b")
    assert [(one.stem, other.stem) for one, other in joined(folder, "train", "")][11] == ("110", "110_b")
    (folder / "train_B" / "110_b.png").rename(folder / "train_B" / "11_b.png")
    with pytest.raises(TrainError, match=r"missing in train_A: 11_b.png, missing in train_B: 110.png"):
        joined(folder, "train", "")


def test_a_pair_of_which_one_cannot_be_read_is_left_out_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write_pairs(tmp_path / "set")
    (folder / "train_B" / "005.png").write_bytes(b"no picture")
    made = prepare_pairs(folder, name="x", out=tmp_path)
    manifest = json.loads((made / "dataset.json").read_text())
    assert manifest["pairs"] == 14 and manifest["first_held_out"] == 11
    assert "set: 1 of 30 pictures are left out: 005.png" in capsys.readouterr().out


@pytest.mark.parametrize("level", [0, 255])
def test_pictures_that_are_all_one_colour_are_refused(tmp_path: Path, level: int) -> None:
    folder = write_pairs(tmp_path / "set")
    for path in [*(folder / "train_A").iterdir(), *(folder / "test_A").iterdir()]:
        write_rgb(path, np.full((100, 140, 3), level, np.uint8))
    with pytest.raises(
        TrainError, match=f"every picture of train_A is empty.*got: {'level 255' if level else 'black'}"
    ):
        prepare_pairs(folder, name="x", out=tmp_path)


def test_black_pictures_and_maps_of_label_numbers_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_pairs(tmp_path / "set")
    for path in [*(folder / "train_A").iterdir(), *(folder / "test_A").iterdir()]:
        labels = np.zeros((100, 140, 3), np.uint8)
        labels[40:60] = 0 if path.stem == "004" else 18
        write_rgb(path, labels)
    prepare_pairs(folder, name="x", out=tmp_path)
    said = capsys.readouterr().out
    assert "1 pictures of train_A are empty, of a single colour: 004.png" in said
    assert "the pictures of train_A are nearly black, 18 of 255 at their brightest" in said and "train_B" not in said


def test_pictures_of_another_size_are_refused(tmp_path: Path) -> None:
    folder = write_pairs(tmp_path / "set")
    write_rgb(folder / "train_B" / "005.png", np.zeros((50, 140, 3), np.uint8))
    with pytest.raises(TrainError, match=r"differ in size; got: 005\.png and 0 more: 140x50"):
        prepare_pairs(folder, name="x", out=tmp_path)


def test_too_few_pairs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="too few pairs in .*; got: 3"):
        prepare_pairs(write_pairs(tmp_path / "set", train=3), name="x", out=tmp_path)


def test_a_failure_leaves_the_old_dataset_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write_pairs(tmp_path / "set")
    old = (prepare_pairs(folder, name="x", out=tmp_path) / "dataset.json").read_bytes()
    with monkeypatch.context() as full:
        full.setattr(FrameFile, "append", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(TrainError, match=r"cannot be written; got: .*No space left.*do this: free"):
            prepare_pairs(folder, name="x", out=tmp_path)
    write_rgb(folder / "train_B" / "005.png", np.zeros((50, 140, 3), np.uint8))
    with pytest.raises(TrainError, match="differ in size"):
        prepare_pairs(folder, name="x", out=tmp_path)
    assert (tmp_path / "x" / "dataset.json").read_bytes() == old
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "x"]


def test_the_pictures_themselves_are_never_replaced(tmp_path: Path) -> None:
    folder = write_pairs(tmp_path / "me")
    (folder / "notes.txt").write_text("precious")
    before = sorted(tmp_path.rglob("*"))
    for name, out in (("me", tmp_path), (str(folder), tmp_path), ("", folder), ("../me", tmp_path / "work")):
        with pytest.raises((TrainError, EngineError)):
            prepare_paths([folder], name=name, out=out)
        with pytest.raises((TrainError, EngineError)):
            prepare_pairs(folder, name=name, out=out)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_data_set_of_an_older_version_is_replaced_and_what_it_left_when_killed_is_cleared(tmp_path: Path) -> None:
    folder = write_pairs(tmp_path / "set")
    made = prepare_pairs(folder, name="x", out=tmp_path)
    (made / MARKER).unlink()
    shutil.copytree(made, tmp_path / "x.part")
    (tmp_path / "y.part").mkdir()
    (tmp_path / "y.part" / "notes.txt").write_text("precious")
    prepare_pairs(folder, name="x", out=tmp_path)
    prepare_pairs(folder, name="y", out=tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set", "x", "y", "y.part"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_step_the_old_data_set_or_the_new_one_is_there(tmp_path: Path) -> None:
    assert kill_at_every_step("tests.train.films.killed_pairs", tmp_path) > 10


@pytest.mark.parametrize(
    ("size", "canvas"),
    [((512, 512), (512, 512)), ((140, 100), (128, 96)), ((2048, 1024), (1024, 512)), ((100, 30), (96, 64))],
)
def test_the_canvas_keeps_the_pictures_shape(size: tuple[int, int], canvas: tuple[int, int]) -> None:
    assert canvas_of(size) == canvas


def test_the_layout_is_told_by_its_folders(tmp_path: Path) -> None:
    assert holds_pairs(write_pairs(tmp_path / "set")) and not holds_pairs(tmp_path)

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

import train.films.prepare
from tests.train.picture_set import write_picture_set
from train.errors import TrainError
from train.films.film import Film
from train.films.pictures import PictureSet
from train.films.sources import prepare_paths


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What `prepare` was given; each picture set must be there while it works."""
    sources: list[Any] = []

    def prepare(given: list[Any], *, name: str, out: Path) -> Path:
        sources.extend(given)
        assert all(source.probe() for source in given if isinstance(source, PictureSet))
        return out / name

    monkeypatch.setattr(train.films.prepare, "prepare", prepare)
    return sources


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_picture_set(tmp_path_factory.mktemp("given") / "knight", 3)


def test_a_video_is_a_film_with_its_matte_and_plate(asked: list[Any], tmp_path: Path) -> None:
    made = prepare_paths(
        [Path("a.mp4"), Path("b.mp4")], name="x", out=tmp_path, mattes=[Path("c"), Path("d")], plates=[]
    )
    assert asked == [Film(Path("a.mp4"), Path("c")), Film(Path("b.mp4"), Path("d"))] and made == tmp_path / "x"


def test_a_folder_of_pictures_and_poses_is_found_below_the_one_given(
    asked: list[Any], folder: Path, tmp_path: Path
) -> None:
    prepare_paths([folder, folder.parent], name="x", out=tmp_path, fps=12)
    assert asked == [PictureSet(folder, "knight", 12), PictureSet(folder, f"{folder.parent.name}/knight", 12)]


@pytest.mark.parametrize("ending", ["zip", "gztar"])
def test_an_archive_is_unpacked_and_goes_afterwards(
    asked: list[Any], folder: Path, tmp_path: Path, ending: str
) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "knight"), ending, folder))
    prepare_paths([archive], name="x", out=tmp_path / "out")
    assert [source.title for source in asked] == [archive.name]
    assert not list((tmp_path / "out").iterdir())


def test_an_archive_that_climbs_out_leaves_nothing(asked: list[Any], folder: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.add(folder / "images" / "000000.png", "../climbed.png")
    with pytest.raises(TrainError, match="outside its folder"):
        prepare_paths([tmp_path / "a.tar"], name="x", out=tmp_path / "out")
    assert not list((tmp_path / "out").iterdir()) and not asked


@pytest.mark.parametrize(
    ("made", "message"),
    [([], "no pictures with poses in .*; got: an empty folder"), (["images"], "got: images/; wanted: images/ and key")],
)
def test_a_folder_without_pictures_and_poses_is_refused(
    asked: list[Any], tmp_path: Path, made: list[str], message: str
) -> None:
    (tmp_path / "set").mkdir()
    for name in made:
        (tmp_path / "set" / name).mkdir()
    with pytest.raises(TrainError, match=message):
        prepare_paths([tmp_path / "set"], name="x", out=tmp_path / "out")


def test_odd_flags_are_refused(asked: list[Any], folder: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="--fps 0"):
        prepare_paths([folder], name="x", out=tmp_path, fps=0)
    with pytest.raises(TrainError, match="--matte for some videos only; got: 1"):
        prepare_paths([Path("a.mp4"), Path("b.mp4")], name="x", out=tmp_path, mattes=[Path("m.mp4")])
    with pytest.raises(TrainError, match="knight holds pictures"):
        prepare_paths([folder], name="x", out=tmp_path, plates=[Path("p.png")])


def test_pairs_stand_alone_and_make_no_puppet(asked: list[Any], folder: Path, tmp_path: Path) -> None:
    (tmp_path / "pairs" / "train_A").mkdir(parents=True)
    with pytest.raises(TrainError, match="cannot be mixed with anything else; got: 2 sources"):
        prepare_paths([tmp_path / "pairs", folder], name="x", out=tmp_path)
    with pytest.raises(TrainError, match="make no puppet: a bundle is not possible"):
        prepare_paths([tmp_path / "pairs"], name="x", out=tmp_path, puppet=True)
    with pytest.raises(TrainError, match="do not pair"):
        prepare_paths([tmp_path / "pairs"], name="x", out=tmp_path)
    assert not asked


def test_a_picture_set_becomes_a_dataset_without_face_and_hands(tmp_path: Path) -> None:
    folder = write_picture_set(tmp_path / "set" / "paper", 110, without=(3,))
    made = prepare_paths([folder], name="paper", out=tmp_path / "out")
    manifest = json.loads((made / "dataset.json").read_text())
    assert manifest["thrown_away"]["full"]["without a pose file"] == 1 and manifest["estimator"].startswith("openpose")
    stats = manifest["takes"]["full"]["stats"]
    assert stats["hand"] == 0 and not stats["has_face"] and stats["has_legs"]

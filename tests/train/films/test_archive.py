import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from train.errors import TrainError
from train.films.archive import is_archive, unpack


def tar(path: Path, members: dict[str, bytes], link: str = "") -> Path:
    with tarfile.open(path, "w:gz") as file:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            file.addfile(member, io.BytesIO(data))
        if link:
            member = tarfile.TarInfo("images/link")
            member.type, member.linkname = tarfile.SYMTYPE, link
            file.addfile(member)
    return path


def zipped(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path


def out(tmp_path: Path) -> Path:
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("make", [tar, zipped])
def test_files_are_unpacked_into_the_folder(make, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    archive = make(tmp_path / ("a.zip" if make is zipped else "a.tar.gz"), {"images/a.png": b"1", "b/c.json": b"23"})
    folder = out(tmp_path)
    assert is_archive(archive)
    unpack(archive, folder)
    assert (folder / "images/a.png").read_bytes() == b"1" and (folder / "b/c.json").read_bytes() == b"23"


@pytest.mark.parametrize("make", [tar, zipped])
@pytest.mark.parametrize("name", ["../evil", "images/../../evil", "/tmp/evil", "..\\evil", "C:\\evil"])
def test_nothing_climbs_out(make, name: str, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    archive = make(tmp_path / ("a.zip" if make is zipped else "a.tar.gz"), {name: b"1"})
    with pytest.raises(TrainError, match="wants to write outside its folder"):
        unpack(archive, out(tmp_path))
    assert not list(tmp_path.rglob("evil")) and not Path("/tmp/evil").exists()


def test_links_are_refused(tmp_path: Path) -> None:
    archive, folder = tar(tmp_path / "a.tgz", {"images/a.png": b"1"}, link="/etc"), out(tmp_path)
    with pytest.raises(TrainError, match=r"more than files: a\.tgz; got: images/link, a link"):
        unpack(archive, folder)
    assert not list(folder.iterdir())


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz"])
def test_a_damaged_archive_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"no archive")
    with pytest.raises(TrainError, match="cannot be unpacked"):
        unpack(tmp_path / name, out(tmp_path))


def test_a_video_is_no_archive() -> None:
    assert not is_archive(Path("dance.mp4"))

"""Archives as people pack them, and as somebody packs them who means harm."""

import errno
import os
import shutil
import stat
import tarfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.train.films.packing import tar, zipped
from train.errors import TrainError
from train.films import archive as archives
from train.films import packed
from train.films.archive import is_archive, unpack

NAMES = {"zip": "a.zip", "tar": "a.tar.gz"}


@pytest.fixture(params=["zip", "tar"])
def pack(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    make = zipped if request.param == "zip" else tar
    return lambda members: make(tmp_path / NAMES[request.param], members)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)
    return folder


def files(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


Pack = Callable[[dict[str, bytes]], Path]


def test_files_are_unpacked_into_the_folder(pack: Pack, out: Path) -> None:
    archive = pack({"images/a.png": b"1", "b/c.json": b"23"})
    assert is_archive(archive)
    unpack(archive, out)
    assert (out / "images/a.png").read_bytes() == b"1" and (out / "b/c.json").read_bytes() == b"23"


@pytest.mark.parametrize("ending", ["tar", "tgz", "tar.bz2", "tar.xz", "TAR.GZ"])
def test_every_kind_of_tar_is_unpacked(tmp_path: Path, out: Path, ending: str) -> None:
    made = tar(tmp_path / ("a." + ending.lower().replace("tgz", "gz")), {"images/a.png": b"1"})
    unpack(made.rename(tmp_path / f"b.{ending}"), out)
    assert files(out) == ["images/a.png"]


def test_what_macs_and_windows_leave_is_left_aside_without_a_word(
    pack: Pack, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    litter = ["__MACOSX/set/images/._1.png", "set/.DS_Store", "set/images/Thumbs.db", "set/._keypoints", "desktop.ini"]
    unpack(pack({"set/images/1.PNG": b"1", "set/images/._1.png": b"2", **dict.fromkeys(litter, b"3")}), out)
    assert files(out) == ["set/images/1.PNG"] and capsys.readouterr().out == ""


def test_other_files_are_left_aside_and_said(pack: Pack, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    archive = pack({"1.png": b"1", "dance.mp4": b"2", "more.zip": b"3", "run.sh": b"4"})
    unpack(archive, out)
    assert files(out) == ["1.png"]
    said = f"{archive.name}: 3 other files are skipped, such as dance.mp4; an archive in an archive is not opened"
    assert said in capsys.readouterr().out


def test_folders_of_a_windows_zip_are_folders(tmp_path: Path, out: Path) -> None:
    unpack(zipped(tmp_path / "a.zip", {"images\\": b"", "images\\1.png": b"1"}), out)
    assert files(out) == ["images/1.png"]


@pytest.mark.parametrize(
    "name", ["../e.png", "images/../../e.png", "/tmp/e.png", "..\\e.png", "C:\\e.png", "//h/e.png"]
)
def test_nothing_climbs_out(pack: Pack, out: Path, tmp_path: Path, name: str) -> None:
    archive = pack({"a.png": b"0", name: b"1"})
    with pytest.raises(TrainError, match="wants to write outside its folder"):
        unpack(archive, out)
    assert not list(tmp_path.rglob("*.png")) and not Path("/tmp/e.png").exists()


def test_links_are_refused(tmp_path: Path, out: Path) -> None:
    archive = tar(tmp_path / "a.tar.gz", {"images/a.png": b"1"}, link="/etc")
    with pytest.raises(TrainError, match=r"more than files: a\.tar\.gz; got: images/link, a link"):
        unpack(archive, out)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        info = zipfile.ZipInfo("images/link")
        info.create_system, info.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc")
    with pytest.raises(TrainError, match=r"more than files: a\.zip; got: images/link, a link"):
        unpack(tmp_path / "a.zip", out)
    assert not list(out.iterdir())


def test_a_link_in_the_way_is_not_written_through(pack: Pack, out: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes(b"mine")
    (out / "a.png").symlink_to(tmp_path / "mine.png")
    with pytest.raises(TrainError, match="two files of the same name"):
        unpack(pack({"a.png": b"1"}), out)
    assert (tmp_path / "mine.png").read_bytes() == b"mine"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_files_of_one_name_are_refused(tmp_path: Path, out: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("a/1.png", b"1")
        file.writestr("a\\1.png", b"2")
    with pytest.raises(TrainError, match=r"two files of the same name: a\.zip; got: 1\.png"):
        unpack(tmp_path / "a.zip", out)


def test_a_file_in_a_files_place_is_our_error(pack: Pack, out: Path) -> None:
    with pytest.raises(TrainError, match="cannot be unpacked"):
        unpack(pack({"a.png": b"1", "a.png/b.png": b"2"}), out)


def test_names_that_cannot_be_shown_are_cleaned(tmp_path: Path, out: Path) -> None:
    unpack(tar(tmp_path / "a.tar", {"im\udcffages/\x1b[31m1\n.png": b"1"}), out)
    assert files(out) == ["im\ufffdages/\ufffd[31m1\ufffd.png"]
    with pytest.raises(TrainError, match="outside its folder: b.tar; got: ../\ufffd1.png"):
        unpack(tar(tmp_path / "b.tar", {"../\x1b1.png": b"1"}), out)


def test_a_name_that_is_too_long_is_our_error(pack: Pack, out: Path) -> None:
    with pytest.raises(TrainError, match="cannot be unpacked"):
        unpack(pack({"a" * 300 + ".png": b"1"}), out)


def test_a_locked_zip_is_said_to_be_locked(tmp_path: Path, out: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.png": b"1"})
    data = bytearray(path.read_bytes())
    for mark, at in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        data[data.index(mark) + at] |= 1
    path.write_bytes(data)
    with pytest.raises(TrainError, match=r"locked with a password: a\.zip"):
        unpack(path, out)


def test_a_zip_packed_in_another_way_is_refused_by_its_name(tmp_path: Path, out: Path) -> None:
    with pytest.raises(TrainError, match="got: a.png is packed by method 14, not by deflate"):
        unpack(zipped(tmp_path / "a.zip", {"a.png": b"1"}, zipfile.ZIP_LZMA), out)


@pytest.mark.parametrize("name", ["a.7z", "a.rar", "a.tar.zst"])
def test_an_archive_of_another_kind_is_refused_by_its_name(tmp_path: Path, name: str) -> None:
    assert is_archive(Path(name))
    with pytest.raises(TrainError, match=rf"of this kind cannot be opened: {name}; .*do this: unpack it"):
        unpack(tmp_path / name, tmp_path)


@pytest.mark.parametrize("name", ["a.zip", "a.tar.gz", "a.tar.xz", "a.tar.bz2", "a.tar"])
@pytest.mark.parametrize("data", [b"", b"no archive", b"PK\5\6" + bytes(18), b"\x1f\x8b\x08\0"])
def test_a_damaged_archive_is_an_error(tmp_path: Path, out: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    if name == "a.zip" and data.startswith(b"PK"):
        unpack(tmp_path / name, out)  # an empty one
    else:
        with pytest.raises(TrainError, match="cannot be unpacked"):
            unpack(tmp_path / name, out)


def test_a_full_disk_is_said_and_not_called_damage(pack: Pack, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(TrainError, match="No space left on device; do this: free some disk space"):
        unpack(pack({"a.png": b"1"}), out)


def test_the_disk_is_looked_at_before_anything_is_written(
    pack: Pack, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 5}))
    with pytest.raises(TrainError, match="no room to unpack"):
        unpack(pack({"a.png": b"1", "b.png": b"12345"}), out)
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    ("limit", "value", "got"),
    [
        ("MOST_MEMBERS", 3, "more than 3 files"),
        ("MOST_BYTES", 2500, "0.0 GB and more"),
        ("HARMLESS_BYTES", 2500, "0.0 GB and more"),
        ("LARGEST_BYTES", 999, "0.png, 0 MB"),
    ],
)
def test_sizes_are_limited_before_anything_is_written(
    pack: Pack, out: Path, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, got: str
) -> None:
    monkeypatch.setattr(archives, limit, value)
    monkeypatch.setattr(archives, "MOST_TIMES", 1)
    with pytest.raises(TrainError, match=f"too large when unpacked: a.*; got: {got}"):
        unpack(pack({f"{i}.png": bytes(1000) for i in range(4)}), out)
    assert not list(out.iterdir())


def test_a_zip_that_lies_about_its_sizes_is_our_error(tmp_path: Path, out: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"a.png": bytes(100_000)})
    path.write_bytes(path.read_bytes().replace((100_000).to_bytes(4, "little"), (7).to_bytes(4, "little")))
    with pytest.raises(TrainError, match="cannot be unpacked"):
        unpack(path, out)
    assert all(file.stat().st_size <= 7 for file in out.iterdir())


def header(name: str, size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    info = tarfile.TarInfo(name)
    info.size, info.type = size, kind
    return info.tobuf(tarfile.GNU_FORMAT)


@pytest.mark.parametrize(
    "data",
    [
        header("a.png", 1 << 60),
        header("a.png", -512),
        header("L", -512, tarfile.GNUTYPE_LONGNAME) + header("a.png", 0),
        header("L", 1 << 40, tarfile.GNUTYPE_LONGNAME) + bytes(5000),
        header("x", 30 << 20, tarfile.XHDTYPE) + bytes(5000),
        b"".join(header("L", 5, tarfile.GNUTYPE_LONGNAME) + b"abcde" + bytes(507) for _ in range(2000)),
        header("x", 14, tarfile.XHDTYPE) + b"14 size=-512\n\n" + bytes(498) + header("a.png", 0),
    ],
)
def test_headers_of_a_tar_that_lie_are_our_error_at_once(tmp_path: Path, out: Path, data: bytes) -> None:
    (tmp_path / "a.tar").write_bytes(data + bytes(10240))
    began = time.monotonic()
    with pytest.raises(TrainError):
        unpack(tmp_path / "a.tar", out)
    assert time.monotonic() - began < 5


def test_headers_of_a_tar_are_bounded_in_all(tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed, "MOST_HEADERS", 20_000)
    with pytest.raises(TrainError, match="more than 20000 bytes of headers"):
        unpack(tar(tmp_path / "a.tar.gz", {f"{i}.png": b"" for i in range(50)}), out)
    few = tar(tmp_path / "b.tar.gz", {"1.png": bytes(100_000)})
    unpack(few, out)  # what is in the files is not counted


@pytest.mark.parametrize("kind", ["gz", "xz", "bz2"])
def test_a_bomb_is_refused_without_being_unpacked(tmp_path: Path, out: Path, kind: str) -> None:
    """A tar of 3 GB of zeros in less than 3 MB."""
    path, size = tmp_path / f"a.tar.{kind}", 3 << 30
    with packed._PACKED[f".{kind}"](path, "wb") as file:
        for number in range(13):
            file.write(header(f"{number}.png", size // 13))
            if number == 0 and kind == "gz":
                for _ in range(size // 13 >> 20):
                    file.write(bytes(1 << 20))
    began = time.monotonic()
    with pytest.raises(TrainError):
        unpack(path, out)
    assert time.monotonic() - began < 10 and not list(out.iterdir())

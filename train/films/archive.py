"""Unpacks a .zip or .tar(.gz) that somebody sent: nothing in it may climb out of the folder, or be more than a file."""

import shutil
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from train.errors import TrainError

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")


def is_archive(path: Path) -> bool:
    """By its name."""
    return path.name.lower().endswith(ENDINGS)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the files of `archive` into the empty `folder`. Raises TrainError when it is damaged or a member is not
    a plain file or folder inside it, before anything of that member is written.
    """
    try:
        with _members(archive) as members:
            _check_room(archive, sum(size for _, size, _ in members), folder)
            for name, _, open_member in members:
                target = folder / _safe(archive, name)
                target.parent.mkdir(parents=True, exist_ok=True)
                with open_member() as source, target.open("wb") as file:
                    shutil.copyfileobj(source, file)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, RuntimeError) as error:
        raise TrainError(
            f"the archive cannot be unpacked: {archive.name}", got=str(error), do="download or pack it again"
        ) from error


_Member = tuple[str, int, Callable[[], IO[bytes]]]  # name, bytes, how to open it


@contextmanager
def _members(archive: Path) -> Iterator[list[_Member]]:
    if archive.name.lower().endswith(".zip"):
        with zipfile.ZipFile(archive) as packed:
            files = [info for info in packed.infolist() if not info.is_dir()]
            yield [(info.filename, info.file_size, partial(packed.open, info)) for info in files]
    else:
        with tarfile.open(archive) as tar:
            yield [(member.name, member.size, partial(_opened, tar, member)) for member in _plain(archive, tar)]


def _plain(archive: Path, tar: tarfile.TarFile) -> list[tarfile.TarInfo]:
    members = [member for member in tar.getmembers() if not member.isdir()]
    for member in members:
        if not member.isreg():
            raise TrainError(
                f"the archive holds more than files: {archive.name}",
                got=f"{member.name}, a link or device",
                wanted="plain files and folders",
                do="pack it without links",
            )
    return members


def _opened(tar: tarfile.TarFile, member: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(member)
    assert file is not None  # only plain files come here
    return file


def _safe(archive: Path, name: str) -> Path:
    """The member's path, relative and without a step upwards."""
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or not path.parts or ":" in path.parts[0]:
        raise TrainError(
            f"the archive wants to write outside its folder: {archive.name}",
            got=name,
            do="do not use it, or pack it again yourself",
        )
    return Path(*path.parts)


def _check_room(archive: Path, size: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise TrainError(
            f"no room to unpack {archive.name}", got=f"{free / 1e9:.1f} GB free", wanted=f"{size / 1e9:.1f} GB"
        )

"""Unpacks pictures and poses from an untrusted .zip or .tar(.gz): only plain files, inside the folder, of sane size."""

import errno
import lzma
import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from tarfile import TarError
from zipfile import BadZipFile, LargeZipFile

from live.sources.picture_files import LARGEST_BYTES, is_litter, is_picture
from train.errors import TrainError
from train.films.packed import Member, members_of

ENDINGS = (".zip", ".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
OTHER_ENDINGS = (".7z", ".rar", ".tar.zst", ".zipx")
MOST_MEMBERS = 250_000
MOST_BYTES = 64 << 30
# Packing does not shrink pictures; poses shrink to a tenth, uncompressed label maps to a thousandth.
HARMLESS_BYTES, MOST_TIMES = 2 << 30, 200
CHUNK = 1 << 20
# What the two readers raise for a damaged file, all of it observed: neither documents it.
DAMAGED = (
    *(TarError, BadZipFile, LargeZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError),
    *(ValueError, LookupError, ArithmeticError, RuntimeError, TypeError, AttributeError, AssertionError, MemoryError),
)


def is_archive(path: Path) -> bool:
    """Whether it is an archive by its name, even of a kind that `unpack` refuses."""
    return path.name.lower().endswith((*ENDINGS, *OTHER_ENDINGS))


def unpack(archive: Path, folder: Path) -> None:
    """Unpack the pictures and JSON files of `archive` into the empty `folder`; other files are skipped, and counted in
    a line. All sizes are checked against the limits above and the disk before the first file is written.

    Raises TrainError if the archive is of another kind, damaged, locked or too large, or if a member is not a plain
    file or folder inside it.
    """
    if not archive.name.lower().endswith(ENDINGS):
        kinds, do = ", ".join(ENDINGS), "unpack it, and give the folder"
        raise TrainError(f"archives of this kind cannot be opened: {archive.name}", wanted=kinds, do=do)
    try:
        with members_of(archive) as members:
            wanted = list(_wanted(archive, _limited(archive, members)))
            _check_room(archive, sum(member.size for member, _ in wanted), folder)
            for member, path in wanted:
                _write(archive, member, folder / path)
    except DAMAGED as error:
        full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EROFS, errno.EACCES)
        raise TrainError(
            f"the archive cannot be unpacked: {archive.name}",
            got=printable(str(error) or type(error).__name__),
            do="free some disk space, or use another --work" if full else "download or pack it again",
        ) from error


def _limited(archive: Path, members: Iterator[Member]) -> Iterator[Member]:
    """The members, as long as they keep to the limits; a bomb's packed member is not even skipped over."""
    most = min(MOST_BYTES, max(HARMLESS_BYTES, MOST_TIMES * archive.stat().st_size))
    total = 0
    for count, member in enumerate(members, 1):
        total += member.size
        if count > MOST_MEMBERS:
            raise _too_large(archive, f"more than {MOST_MEMBERS:,} files")
        if not 0 <= member.size <= LARGEST_BYTES and _is_ours(member.name):
            raise _too_large(archive, f"{printable(member.name)}, {member.size / 1e6:,.0f} MB")
        if total > most:
            raise _too_large(archive, f"{total / 1e9:,.1f} GB and more, of {archive.stat().st_size / 1e6:,.1f} MB")
        yield member


def _too_large(archive: Path, got: str) -> TrainError:
    return TrainError(f"too large when unpacked: {archive.name}", got=got, do="unpack it, and give the folder")


def _wanted(archive: Path, members: Iterator[Member]) -> Iterator[tuple[Member, Path]]:
    """Each member that is a picture or JSON, and its path; the others are counted in a printed line."""
    others: list[str] = []
    for member in members:
        path = _safe(archive, member.name)
        if not member.plain:
            raise TrainError(
                f"the archive holds more than files: {archive.name}",
                got=f"{printable(member.name)}, a link or device",
                wanted="plain files and folders",
                do="pack it without links",
            )
        if any(is_litter(part) for part in path.parts):
            continue
        if not _is_ours(path.name):
            others.append(path.name)
            continue
        if member.locked:
            raise TrainError(
                f"the archive is locked with a password: {archive.name}", do="pack it without one, or give the folder"
            )
        yield member, path
    if others:
        nested = [name for name in others if name.lower().endswith((*ENDINGS, *OTHER_ENDINGS, ".gz"))]
        also = f"; an archive in an archive is not opened: {nested[0]}" if nested else ""
        print(f"  {archive.name}: {len(others)} other files are skipped, such as {others[0]}{also}")


def _is_ours(name: str) -> bool:
    return is_picture(name) or name.lower().endswith(".json")


def _write(archive: Path, member: Member, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        file = target.open("xb")  # never through a link, never over another
    except FileExistsError as error:
        raise TrainError(
            f"the archive holds two files of the same name: {archive.name}", got=target.name, do="pack it again"
        ) from error
    with file, member.open() as source:
        shutil.copyfileobj(source, file, CHUNK)


def _safe(archive: Path, name: str) -> Path:
    """The member's path, relative, without a step upwards, and printable."""
    path = PurePosixPath(printable(name.replace("\\", "/")))
    if path.is_absolute() or ".." in path.parts or not path.parts or ":" in path.parts[0]:
        raise TrainError(
            f"the archive wants to write outside its folder: {archive.name}",
            got=printable(name),
            do="do not use it, or pack it again yourself",
        )
    return Path(*path.parts)


def printable(text: str) -> str:
    """The text with � for what cannot be shown: untrusted names may hold broken characters or terminal commands."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)[:1000]


def _check_room(archive: Path, size: int, folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if size > free:
        raise TrainError(
            f"no room to unpack {archive.name}", got=f"{free / 1e9:.1f} GB free", wanted=f"{size / 1e9:.1f} GB"
        )

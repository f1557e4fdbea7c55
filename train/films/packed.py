"""The members of a .zip or .tar, one by one, with bounds on what a header may ask for: Python's readers have none."""

import bz2
import gzip
import lzma
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, cast

LARGEST_READ = 24 << 20  # a zip's directory of 250,000 files is read at once; headers of a tar are far smaller
MOST_HEADERS = 192 << 20  # of a tar: for as many files, 1.5 KB each
_XZ_BYTES = 128 << 20  # of memory: `xz -9` needs 65 MB
_PACKED = {".gz": gzip.open, ".tgz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@dataclass(frozen=True, slots=True)
class Member:
    """One file. `size`: bytes when unpacked. `plain`: not a link or device. `locked`: needs a password."""

    name: str
    size: int
    plain: bool
    locked: bool
    open: Callable[[], IO[bytes]]


@contextmanager
def members_of(archive: Path) -> Iterator[Iterator[Member]]:
    """The files in an archive, without folders, read as they are asked for. Whatever zipfile, tarfile and the
    decompressors raise for a damaged one is passed on.
    """
    ending = archive.suffix.lower()
    with ExitStack() as stack:
        if ending == ".zip":
            file = stack.enter_context(archive.open("rb"))
            yield _zipped(stack.enter_context(zipfile.ZipFile(cast(IO[bytes], _Bounded(file)))))
            return
        if ending == ".xz":
            _check_memory(archive)
        file = stack.enter_context(_PACKED.get(ending, open)(archive, "rb"))
        bounded = _Bounded(file, MOST_HEADERS)
        tar = stack.enter_context(tarfile.open(fileobj=cast(IO[bytes], bounded), mode="r:"))
        yield _tarred(tar, bounded)


class _Bounded:
    """A file that reads at most LARGEST_READ bytes at once, and `budget` bytes in all (None: any number)."""

    def __init__(self, file: IO[bytes], budget: int | None = None) -> None:
        self._file, self.budget = file, budget
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable

    def read(self, size: int = -1) -> bytes:
        if size > LARGEST_READ:
            raise OSError(f"a header of {size} bytes")
        data = self._file.read(size if size >= 0 else LARGEST_READ)
        if self.budget is not None:
            self.budget -= len(data)
            if self.budget < 0:
                raise OSError(f"more than {MOST_HEADERS} bytes of headers")
        return data


def _zipped(packed: zipfile.ZipFile) -> Iterator[Member]:
    for info in packed.infolist():
        if info.filename.endswith(("/", "\\")):
            continue
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise NotImplementedError(f"{info.filename} is packed by method {info.compress_type}, not by deflate")
        kind = stat.S_IFMT(info.external_attr >> 16)
        yield Member(
            info.filename,
            info.file_size,
            kind in (0, stat.S_IFREG),
            bool(info.flag_bits & 1),
            partial(packed.open, info),
        )


def _tarred(tar: tarfile.TarFile, bounded: _Bounded) -> Iterator[Member]:
    while (info := tar.next()) is not None:
        info.pax_headers = {}  # each holds a copy of all earlier ones
        if not info.isdir():
            yield Member(info.name, info.size, info.isreg(), False, partial(_opened, tar, info))
    bounded.budget = None  # from here on files are read, not headers


def _opened(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(info)
    assert file is not None  # only plain files come here
    return file


def _check_memory(archive: Path) -> None:
    """Raise LZMAError if the archive needs more memory than _XZ_BYTES: lzma.open takes any amount."""
    with archive.open("rb") as file:
        lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_BYTES).decompress(file.read(1 << 16), 1)

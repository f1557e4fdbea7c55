"""Reads arrays that a stranger may have written: an .npz or .npy is unpacked only after its size and kind are known.

numpy's own reader unpacks the gigabytes that a file of a megabyte claims, and raises nearly anything for a damaged one.
"""

import io
import math
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

_HEADER = 1 << 13  # bytes that an array's header may take; numpy's own take 128
_BLOCK = 1 << 20
_ZIP_END, _ZIP64_LOCATOR, _LONGEST_DIRECTORY = 22, 20, 1 << 16  # bytes
_KINDS = {
    "uint8": ("|u1",),
    "integer": ("<i8", "<i4", "<u8", "<u4", "<i2", "<u2", "|u1", "|i1"),
    "float": ("<f4", "<f8"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """What an array has to be. `kind`: "uint8", "integer", "float" (4 or 8 bytes), "number" or "text".

    `shape`: its sizes; a size that the file may choose has a name, and is the same wherever that name is used.
    `least`, `most`: the range of its numbers, which must then also be finite; None: any, including NaN.
    """

    kind: str
    shape: tuple[int | str, ...] = ()
    least: float | None = None
    most: float | None = None


def read_npz(path: Path, fields: Mapping[str, Field], *, largest: int) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz by name: new, C-contiguous, owned by the caller. Anything else in the file is ignored.

    `largest`: bytes that all of them may take together. Raises OSError, or a ValueError that names the field: missing,
    there twice, of another kind, shape or range, too large, damaged.
    """
    try:
        with _plain_file(path).open("rb") as file:
            _check_directory(file)
            with zipfile.ZipFile(file) as packed:
                return _members(packed, fields, largest)
    except (OSError, ValueError):
        raise
    except Exception as error:  # zipfile, zlib and numpy's header reader share no base error
        raise ValueError(f"{type(error).__name__}: {error}") from error


def map_npy(path: Path, field: Field) -> NDArray[Any]:
    """The array of an .npy, memory-mapped read-only; its numbers are not checked. Raises OSError, ValueError."""
    try:
        with _plain_file(path).open("rb") as file:
            shape, dtype, fortran, start = _header(path.name, file.read(_HEADER))
            _check_shape(path.name, field, shape, {})
            _check_kind(path.name, field.kind, dtype)
            if start + math.prod(shape) * dtype.itemsize != path.stat().st_size:
                raise ValueError(f"{path.name} does not have the length of an array {shape}")
        return np.memmap(path, dtype, "r", offset=start, shape=shape, order="F" if fortran else "C")
    except (OSError, ValueError):
        raise
    except Exception as error:  # as above
        raise ValueError(f"{type(error).__name__}: {error}") from error


def _plain_file(path: Path) -> Path:
    if path.exists() and not path.is_file():  # opening a pipe would wait for a writer
        raise OSError(f"not a file: {path}")
    return path


def _check_directory(file: IO[bytes]) -> None:
    """Check the length of a zip's directory, which is read as a whole: a file of 60 MB may list a million members."""
    length = file.seek(0, io.SEEK_END)
    file.seek(max(0, length - _ZIP_END - _ZIP64_LOCATOR))
    tail = file.read()
    if len(tail) < _ZIP_END or not tail[-_ZIP_END:].startswith(b"PK\5\6"):
        raise ValueError("it does not end as an .npz does")
    if tail.startswith(b"PK\6\7") or struct.unpack("<L", tail[-10:-6])[0] > _LONGEST_DIRECTORY:
        raise ValueError("it lists more than an .npz of ours holds")


def _members(packed: zipfile.ZipFile, fields: Mapping[str, Field], largest: int) -> dict[str, NDArray[Any]]:
    names = [info.filename for info in packed.infolist()]
    arrays: dict[str, NDArray[Any]] = {}
    sizes: dict[str, int] = {}
    for name, field in fields.items():
        there = names.count(f"{name}.npy")
        if there != 1:
            raise ValueError(f"{name} is there twice" if there else f"{name} is missing")
        info = packed.getinfo(f"{name}.npy")
        # Other methods unpack without a limit, and a member with a password raises yet another error.
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or info.flag_bits & 1:
            raise ValueError(f"{name} is packed in another way than deflate")
        with packed.open(info) as member:
            arrays[name] = _array(name, field, member, info.file_size, largest, sizes)
        largest -= arrays[name].nbytes
    return arrays


def _array(
    name: str, field: Field, member: IO[bytes], length: int, largest: int, sizes: dict[str, int]
) -> NDArray[Any]:
    begin = member.read(_HEADER)
    shape, dtype, fortran, start = _header(name, begin)
    _check_kind(name, field.kind, dtype)
    _check_shape(name, field, shape, sizes)
    size = math.prod(shape) * dtype.itemsize
    if size > largest:
        raise ValueError(f"{name} is too large: {dtype}{list(shape)}, {size} bytes, wanted at most {largest}")
    if start + size != length:
        raise ValueError(f"{name} does not have the length of an array {shape}")
    content = np.empty(size, np.uint8)
    at = len(begin) - start
    content[:at] = np.frombuffer(begin, np.uint8)[start:]
    while block := member.read(_BLOCK):  # to its end, where the checksum is verified
        content[at : at + len(block)] = np.frombuffer(block, np.uint8)
        at += len(block)
    if at != size:
        raise ValueError(f"{name} is cut short")
    array: NDArray[Any] = content.view(dtype).reshape(shape, order="F" if fortran else "C")
    _check_range(name, field, array)
    return np.asarray(array, order="C")


def _header(name: str, begin: bytes) -> tuple[tuple[int, ...], np.dtype[Any], bool, int]:
    """Shape, dtype, whether columns come first, and where the numbers begin. Raises ValueError."""
    file = io.BytesIO(begin)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    try:
        read: Callable[[IO[bytes]], Any] = readers[np.lib.format.read_magic(file)]  # type: ignore[no-untyped-call]
        shape, fortran, dtype = read(file)
    except Exception as error:  # it parses Python: SyntaxError, TokenError, MemoryError, RecursionError, ...
        raise ValueError(f"{name} is not an array: {type(error).__name__}") from error
    if any(type(size) is not int or not 0 <= size < 1 << 40 for size in shape):
        raise ValueError(f"{name} has no shape")
    return shape, dtype, fortran, file.tell()


def _check_kind(name: str, kind: str, dtype: np.dtype[Any]) -> None:
    known = _KINDS["integer"] + _KINDS["float"] if kind == "number" else _KINDS.get(kind, ())
    if not (dtype.str in known or (kind == "text" and dtype.kind == "U" and dtype.isnative)):
        raise ValueError(f"{name} is of another kind: {dtype}, wanted {kind}")


def _check_shape(name: str, field: Field, shape: tuple[int, ...], sizes: dict[str, int]) -> None:
    fits = len(shape) == len(field.shape) and all(
        sizes.setdefault(wanted, size) == size if isinstance(wanted, str) else wanted == size
        for size, wanted in zip(shape, field.shape, strict=True)
    )
    if not fits:
        wanted = ", ".join(f"{size} = {sizes[size]}" if size in sizes else str(size) for size in field.shape)
        raise ValueError(f"{name} is of another shape: {shape}, wanted ({wanted})")


def _check_range(name: str, field: Field, array: NDArray[Any]) -> None:
    least, most = field.least, field.most
    if (least is None and most is None) or not array.size:
        return
    low, high = float(array.min()), float(array.max())  # NaN if there is one
    if not (
        math.isfinite(low)
        and math.isfinite(high)
        and (least is None or low >= least)
        and (most is None or high <= most)
    ):
        span = f"{least} to {most}"
        raise ValueError(f"{name} has numbers out of range: {low:g} to {high:g}, wanted {span}")

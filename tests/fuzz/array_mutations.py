"""What is done to an .npz: to its arrays, to their headers, and to the zip that they lie in."""

import functools
import io
import warnings
import zipfile
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.fuzz.mutations import Mutator

Array = NDArray[Any]
_BOMB = 600 << 20  # bytes
_DTYPES = ("f2", "f4", "f8", ">f4", "i8", "u1", "?", "c8", "U9", "U", "S3", "O", "M8[s]", "V4")
_VALUES = (np.nan, np.inf, -np.inf, 1e30, -1e30, 1e-30, -1.0, 0.0, 1.001, 255, 1e6, 1e9)
_HEADERS = (
    (b"shape': (", b"shape': (-"),
    (b"shape': (", b"shape': (999999999999, "),
    (b"shape': (", b"shape': [" + b"(" * 900),
    (b"<f4", b"<f8"),
    (b"<f4", b"|O8"),
    (b"|u1", b"<U9999999"),
    (b"False", b"True"),
    (b"descr", b"\xff\xfe"),
    (b"'", b'"'),
    (b"{", b"(" * 4000),
)


def arrays(rng: Random, content: bytes) -> bytes:
    """One array of another kind, shape or value."""
    members = _members(content)
    name = rng.choice(sorted(members))
    array: Array = np.load(io.BytesIO(members[name]), allow_pickle=False)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        members[name] = _npy(rng.choice((_retyped, _reshaped, _revalued, _revalued))(rng, array))
    return _zip(members)


def headers(rng: Random, content: bytes) -> bytes:
    """A header that does not tell the truth."""
    members = _members(content)
    name = rng.choice(sorted(members))
    old, new = rng.choice(_HEADERS)
    begin = members[name]
    header = begin[10 : 10 + int.from_bytes(begin[8:10], "little")].replace(old, new, 1)
    members[name] = begin[:8] + (len(header) % 65536).to_bytes(2, "little") + header + begin[10 + len(header) :]
    if rng.random() < 0.1:
        members[name] = b"\x93NUMPY" + bytes((rng.choice((2, 3, 9)), 0)) + b"\xff\xff\xff\x7f" + header
    return _zip(members)


def packing(rng: Random, content: bytes) -> bytes:
    """Members gone, twice there, renamed, exchanged, or packed in another way."""
    members = _members(content)
    name, other = rng.choice(sorted(members)), rng.choice(sorted(members))
    deed = rng.randrange(7)
    if deed == 0:
        del members[name]
    elif deed == 1:
        members[name], members[other] = members[other], members[name]
    elif deed == 2:
        members[rng.choice(("../x.npy", "x" * 9999, "\ud7ff.npy", name.upper()))] = members.pop(name)
    elif deed == 3:
        return _zip(members, method=rng.choice((zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED)))
    elif deed == 4:
        return _zip(members, twice=name)
    elif deed == 5:
        return _zip(members, comment=rng.randbytes(99))
    else:
        packed = bytearray(_zip(members))
        at = packed.rfind(b"PK\1\2")
        packed[at + rng.choice((8, 10, 20, 24, 28, 42))] ^= rng.choice((1, 8, 0xFF))  # flags, method, sizes, place
        return bytes(packed)
    return _zip(members)


def bomb(rng: Random, content: bytes) -> bytes:
    """A megabyte that states and holds 600 of them."""
    members = _members(content)
    name = rng.choice(sorted(members))
    array: Array = np.load(io.BytesIO(members.pop(name)), allow_pickle=False)
    row = max(1, array.nbytes // max(1, len(array) if array.ndim else 1))
    stated = (_BOMB // row, *array.shape[1:])
    out = io.BytesIO(_bomb(name, array.dtype.str, stated))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as file:
        for other, inside in members.items():
            file.writestr(other, inside)
    return out.getvalue()


@functools.lru_cache(8)
def _bomb(name: str, dtype: str, shape: tuple[int, ...]) -> bytes:
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": dtype, "fortran_order": False, "shape": shape})
    size, out = int(np.prod(shape)) * np.dtype(dtype).itemsize, io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
        with file.open(name, "w") as member:
            member.write(header.getvalue())
            for _ in range(size >> 20):
                member.write(bytes(1 << 20))
            member.write(bytes(size & 0xFFFFF))
    return out.getvalue()


def _retyped(rng: Random, array: Array) -> Array:
    return array.astype(rng.choice(_DTYPES))


def _reshaped(rng: Random, array: Array) -> Array:
    if not array.ndim:
        return np.stack([array] * rng.choice((1, 3)))
    ways = (
        array[None],
        array[:0],
        array[1:],
        np.concatenate([array, array]),
        array.T,
        array[..., :1],
        array.reshape(-1),
    )
    return rng.choice(ways)


def _revalued(rng: Random, array: Array) -> Array:
    changed = np.array(array)
    if changed.dtype.kind == "U":
        return np.array(rng.choice(("", "x", "full", "coco17", "\x1b[2J", "../x", "y" * 9999)))
    places = changed.reshape(-1)
    for _ in range(rng.choice((1, 3, len(places))) if len(places) else 0):
        value = rng.choice(_VALUES)
        if changed.dtype.kind == "f" or np.isfinite(value):
            places[rng.randrange(len(places))] = np.float64(value).astype(changed.dtype)
    return changed


def _npy(array: Array) -> bytes:
    out = io.BytesIO()
    np.save(out, array, allow_pickle=True)
    return out.getvalue()


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return {name: file.read(name) for name in file.namelist()}


def _zip(
    members: dict[str, bytes], *, method: int = zipfile.ZIP_DEFLATED, twice: str | None = None, comment: bytes = b""
) -> bytes:
    out = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(out, "w", method, compresslevel=1) as file:
        warnings.simplefilter("ignore")  # of a name that is there twice
        for name, content in members.items():
            file.writestr(name, content)
        if twice in members:
            file.writestr(twice, members[twice][::-1])
        file.comment = comment
    return out.getvalue()


NPZ: tuple[Mutator, ...] = (*(arrays,) * 30, *(headers,) * 15, *(packing,) * 15, bomb)

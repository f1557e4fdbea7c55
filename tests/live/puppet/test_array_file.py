"""An .npz is refused by what it states, before it is unpacked; the message names the array."""

import io
import os
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from live.puppet.array_file import Field, map_npy, read_npz

FIELDS = {"a": Field("float", ("n", 2), -10, 10), "b": Field("uint8", ("n",)), "name": Field("text")}
GOOD = {"a": np.ones((3, 2), np.float32), "b": np.arange(3, dtype=np.uint8), "name": np.array("x")}


def npy(array: np.ndarray, *, pickled: bool = False) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=pickled)
    return buffer.getvalue()


def write(path: Path, members: list[tuple[str, bytes]], packing: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, content in members:
            file.writestr(f"{name}.npy", content)
    return path


def refused(path: Path, largest: int = 1 << 20) -> str:
    with pytest.raises(ValueError) as raised:
        read_npz(path, FIELDS, largest=largest)
    return str(raised.value)


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_arrays_come_back_as_they_were_written(packing: int, tmp_path: Path) -> None:
    columns_first = np.asfortranarray(np.arange(6, dtype=np.float32).reshape(3, 2))
    path = write(
        tmp_path / "x.npz", [(n, npy(v)) for n, v in (GOOD | {"a": columns_first, "more": GOOD["a"]}).items()], packing
    )
    data = read_npz(path, FIELDS, largest=1 << 20)
    assert data.keys() == FIELDS.keys() and np.array_equal(data["a"], columns_first)
    assert data["a"].flags.c_contiguous and data["a"].flags.writeable and str(data["name"]) == "x"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"a": np.ones((4, 2), np.float32)}, "b is of another shape"),
        ({"a": np.ones((3, 2, 1), np.float32)}, "a is of another shape"),
        ({"a": np.ones((3, 2), np.int32)}, "a is of another kind"),
        ({"a": np.ones((3, 2), ">f4")}, "a is of another kind"),
        ({"a": np.full((3, 2), np.nan, np.float32)}, "a has numbers out of range"),
        ({"a": np.full((3, 2), np.inf, np.float32)}, "a has numbers out of range"),
        ({"a": np.full((3, 2), 11, np.float32)}, "a has numbers out of range: 11 to 11, wanted -10 to 10"),
        ({"name": np.array(["x"])}, "name is of another shape"),
        ({"b": np.zeros(3, [("x", "u1")])}, "b is of another kind"),
    ],
)
def test_an_array_of_another_kind_shape_or_range_is_refused_by_name(
    change: dict[str, np.ndarray], why: str, tmp_path: Path
) -> None:
    assert why in refused(write(tmp_path / "x.npz", [(name, npy(array)) for name, array in (GOOD | change).items()]))


def test_what_is_missing_twice_there_or_pickled_is_refused(tmp_path: Path) -> None:
    members = [(name, npy(array)) for name, array in GOOD.items()]
    assert refused(write(tmp_path / "x.npz", members[1:])) == "a is missing"
    with pytest.warns(UserWarning, match="Duplicate"):
        path = write(tmp_path / "x.npz", [*members, members[0]])
    assert refused(path) == "a is there twice"
    members[1] = ("b", npy(np.array([1, None, 2], object), pickled=True))
    assert "b is of another kind: object" in refused(write(tmp_path / "x.npz", members))


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_packing_without_a_limit_is_refused(packing: int, tmp_path: Path) -> None:
    path = write(tmp_path / "x.npz", [(name, npy(array)) for name, array in GOOD.items()], packing)
    assert "packed in another way" in refused(path)


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000, 2)}",  # more than there is
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 2)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (True, 2)}",
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (" + b"9" * 40 + b", 2)}",
        b"{'descr': '<U900000000', 'fortran_order': False, 'shape': (3, 2)}",
        b"{'descr': '|O', 'fortran_order': False, 'shape': (3, 2)}",
        b"(" * 5000,
        b"{'descr': [('x', " * 300,
        b"\xff" * 20,
        b"",
    ],
)
def test_a_header_that_lies_is_refused(header: bytes, tmp_path: Path) -> None:
    packed = header + b"\n"
    content = b"\x93NUMPY\x01\x00" + len(packed).to_bytes(2, "little") + packed + bytes(24)
    members = [("a", content), *((name, npy(GOOD[name])) for name in ("b", "name"))]
    assert refused(write(tmp_path / "x.npz", members)).startswith("a ")


def test_a_megabyte_that_unpacks_to_a_gigabyte_takes_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    header = npy(np.zeros((1, 2), np.float32))[:-8].replace(b"(1, 2)", b"(99999999, 2)")[:128]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("a.npy", "w") as member:
        member.write(header)
        for _ in range(100):
            member.write(bytes(1 << 20))
    tracemalloc.start()
    refused(path)
    assert tracemalloc.get_traced_memory()[1] < 4 << 20
    tracemalloc.stop()


def test_a_directory_of_thousands_of_members_is_not_read(tmp_path: Path) -> None:
    path = write(tmp_path / "x.npz", [(f"{n:032}", b"") for n in range(2000)], zipfile.ZIP_STORED)
    assert "lists more" in refused(path)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.npz")
    with pytest.raises(OSError, match="not a file"):
        read_npz(tmp_path / "x.npz", FIELDS, largest=1)


def test_a_mapped_array_has_the_length_that_its_header_states(tmp_path: Path) -> None:
    path, field = tmp_path / "x.npy", Field("uint8", ("n", 4))
    np.save(path, np.arange(12, dtype=np.uint8).reshape(3, 4))
    assert map_npy(path, field)[2, 3] == 11 and isinstance(map_npy(path, field), np.memmap)
    for content in (path.read_bytes() + b"x", path.read_bytes()[:-1], b"PK\3\4", b""):
        (tmp_path / "y.npy").write_bytes(content)
        with pytest.raises(ValueError, match=r"y\.npy"):
            map_npy(tmp_path / "y.npy", field)

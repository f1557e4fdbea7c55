"""Pictures as people have them: names, orders, and every way a picture file can be odd."""

import os
import random
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.puppet.errors import CameraError
from live.sources.picture_files import BEHIND, gaps, is_picture, name_key, natural, pictures_in, read_rgb

COLOUR = (200, 120, 40)


def write(path: Path, image: np.ndarray) -> Path:  # type: ignore[type-arg]
    """`image` is BGR(A) or grey, as OpenCV has it."""
    assert cv2.imwrite(str(path), image)
    return path


def coloured(height: int = 8, width: int = 12, channels: int = 3) -> np.ndarray:  # type: ignore[type-arg]
    image = np.full((height, width, channels), 255, np.uint8)
    image[..., :3] = COLOUR[::-1]
    return image


def png(*chunks: tuple[bytes, bytes]) -> bytes:
    packed = (struct.pack(">I", len(b)) + a + b + struct.pack(">I", zlib.crc32(a + b)) for a, b in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def test_numbers_are_ordered_by_their_value() -> None:
    wanted = ["1.png", "2.PNG", "10.png", "a.png", "a1.png", "A1b3.jpg", "a1b20.jpg", "a007.png", "A 2.png", "b.png"]
    paths = [Path(name) for name in wanted]
    random.Random(0).shuffle(paths)
    assert [path.name for path in sorted(paths, key=natural)] == wanted


@given(st.lists(st.text("a1²٣_9 Z", min_size=1, max_size=6), max_size=6))
def test_any_names_have_one_order(names: list[str]) -> None:
    paths = [Path(name) for name in names]
    assert sorted(paths, key=natural) == sorted(reversed(paths), key=natural)


def test_names_are_equal_with_capitals_and_zeros() -> None:
    assert name_key("Frame_007") == name_key("frame_7") != name_key("frame_70")


def test_what_systems_leave_is_no_picture(tmp_path: Path) -> None:
    names = ["1.PNG", "2.Jpeg", "._1.png", ".DS_Store", "Thumbs.db", "desktop.ini", "notes.txt", "3.png.part", "a.gif"]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    for name in ("__MACOSX", "folder.png", ".hidden"):
        (tmp_path / name).mkdir()
    assert [path.name for path in pictures_in(tmp_path)] == ["1.PNG", "2.Jpeg"]
    assert [name for name in names if is_picture(name)] == ["1.PNG", "2.Jpeg"]


@pytest.mark.parametrize(
    ("numbers", "said"),
    [
        ([1, 2, 3], ""),
        ([1, 2, 4, 5, 6, 9], "3, 7 to 8"),
        ([0, 5, 10, 20, 25], "15"),
        ([3, 900, 17, 1], ""),
        ([7], ""),
        ([*range(1, 200, 2), *range(200, 400)], "2, 4, 6, 8, 10, and 94 more gaps"),
    ],
)
def test_gaps_in_a_row_are_told(numbers: list[int], said: str) -> None:
    assert gaps([Path(f"a2_{number}_b.png") for number in numbers]) == said


def test_names_that_are_no_row_have_no_gaps() -> None:
    assert gaps([Path("a1.png"), Path("b3.png"), Path("c5.png")]) == gaps([Path("a.png"), Path("b.png")]) == ""


@pytest.mark.parametrize("ending", ["png", "PNG", "bmp", "webp", "JPG"])
def test_red_is_red(tmp_path: Path, ending: str) -> None:
    found = read_rgb(write(tmp_path / f"a.{ending}", coloured()))
    assert found.shape == (8, 12, 3) and found.dtype == np.uint8 and found.flags.c_contiguous
    assert np.abs(found.astype(int) - COLOUR).max() < 12


def test_grey_and_16_bit_pictures_become_8_bit_rgb(tmp_path: Path) -> None:
    grey = read_rgb(write(tmp_path / "g.png", np.full((5, 6), 90, np.uint8)))
    deep = read_rgb(write(tmp_path / "d.png", coloured().astype(np.uint16) * 257))
    assert (grey == 90).all() and grey.shape == (5, 6, 3) and (deep == COLOUR).all()


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    head = struct.pack(">IIBBBBB", 2, 1, 8, 3, 0, 0, 0)
    rows = zlib.compress(b"\0\0\1")
    (tmp_path / "p.png").write_bytes(
        png((b"IHDR", head), (b"PLTE", bytes((9, 8, 7, *COLOUR))), (b"tRNS", b"\0"), (b"IDAT", rows), (b"IEND", b""))
    )
    assert read_rgb(tmp_path / "p.png").tolist() == [[[BEHIND] * 3, list(COLOUR)]]


@pytest.mark.parametrize("ending", ["png", "webp"])
@pytest.mark.parametrize("deep", [False, True])
def test_what_is_transparent_is_grey_and_not_what_the_file_hides_there(tmp_path: Path, ending: str, deep: bool) -> None:
    image = coloured(channels=4)
    image[:, :6, 3] = 0
    image[:, 6:8, 3] = 128
    if deep and ending == "png":
        image = image.astype(np.uint16) * 257
    params = [cv2.IMWRITE_WEBP_QUALITY, 101] if ending == "webp" else []
    cv2.imwrite(str(tmp_path / f"a.{ending}"), image, params)
    found = read_rgb(tmp_path / f"a.{ending}")
    assert (found[:, :6] == BEHIND).all() and (found[:, 8:] == COLOUR).all()
    assert np.abs(found[0, 6] - (np.array(COLOUR) + BEHIND) / 2).max() < 2


def test_a_picture_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    image = coloured(40, 60)
    image[:, :30] = 0
    data = cv2.imencode(".jpg", image)[1].tobytes()
    turned = b"Exif\0\0" + struct.pack("<2sHIHHHIHHI", b"II", 42, 8, 1, 0x0112, 3, 1, 6, 0, 0)
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xe1" + struct.pack(">H", len(turned) + 2) + turned + data[2:])
    found = read_rgb(tmp_path / "a.jpg")
    assert found.shape == (60, 40, 3) and found[:25].max() < 20 < found[35:].max()


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp"])
@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.6, 0.97])
def test_a_picture_that_breaks_off_is_refused(tmp_path: Path, ending: str, share: float) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)
    path = write(tmp_path / f"a.{ending}", noise)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    with pytest.raises(CameraError, match=rf"not a picture that can be read: .*a\.{ending}"):
        read_rgb(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.png"):
        with pytest.raises(CameraError, match="not a picture that can be read"):
            read_rgb(path)


def test_a_huge_file_is_not_even_read(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        os.truncate(file.fileno(), 300 << 20)
    with pytest.raises(CameraError, match="the picture is too large: .*; got: 0x0, 134 MB and more"):
        read_rgb(tmp_path / "a.png")


def test_a_small_file_of_a_billion_pixels_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    (tmp_path / "a.png").write_bytes(png((b"IHDR", head), (b"IDAT", zlib.compress(bytes(9))), (b"IEND", b"")))
    monkeypatch.setattr(cv2, "imdecode", None)
    with pytest.raises(CameraError, match="the picture is too large: .*a.png; got: 30000x30000"):
        read_rgb(tmp_path / "a.png")


@pytest.mark.parametrize("ending", ["png", "jpg", "webp", "bmp"])
def test_a_damaged_picture_is_a_picture_or_our_error(tmp_path: Path, ending: str) -> None:
    rng = random.Random(ending)
    good = write(tmp_path / f"a.{ending}", coloured(channels=4 if ending in ("png", "webp") else 3)).read_bytes()
    refused = 0
    for _ in range(60):
        data = bytearray(good)
        for _ in range(rng.choice((1, 1, 2, 8))):
            data[rng.randrange(len(data))] = rng.randrange(256)
        (tmp_path / "b").write_bytes(data)
        try:
            found = read_rgb(tmp_path / "b")
            assert found.ndim == 3 and found.shape[2] == 3 and found.dtype == np.uint8
        except CameraError:
            refused += 1
    assert refused

"""The size of a picture is known before it is unpacked."""

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from live.puppet.errors import TargetError
from live.scene.background import read_picture
from live.sources.picture_size import picture_size

PICTURE = np.random.default_rng(0).integers(0, 256, (37, 53, 3), np.uint8)
KINDS = {
    "png": (".png", []),
    "jpg": (".jpg", []),
    "progressive": (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
    "bmp": (".bmp", []),
    "webp": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 80]),
    "lossless": (".webp", [cv2.IMWRITE_WEBP_QUALITY, 101]),
}


def encoded(kind: str) -> bytes:
    ending, settings = KINDS[kind]
    return bytes(cv2.imencode(ending, PICTURE, settings)[1])


def png(width: int, height: int) -> bytes:
    """A whole PNG of one colour, however large, in a few kilobytes a gigapixel."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    rows = zlib.compress(bytes(1 + (width + 7) // 8) * height, 9)
    header = struct.pack(">LLBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_is_that_of_the_picture_and_of_what_is_cut_short_none(kind: str, tmp_path: Path) -> None:
    whole = encoded(kind)
    assert picture_size(whole) == (53, 37)
    for length in range(14):
        assert picture_size(whole[:length]) is None
    (tmp_path / "x").write_bytes(whole)
    assert read_picture(tmp_path / "x").shape == PICTURE.shape


@pytest.mark.parametrize(
    "content", [b"", b"GIF89a" + bytes(99), b"II*\0" + bytes(99), b"BM" + bytes(99), b"\xff\xd8\xff" + bytes(9)]
)
def test_what_is_none_of_the_four_kinds_or_empty_has_no_size(content: bytes) -> None:
    assert picture_size(content) is None


def test_a_png_with_a_piece_that_is_larger_than_the_file_has_no_size() -> None:
    whole = bytearray(encoded("png"))
    struct.pack_into(">L", whole, 8, 13 + (1 << 29))  # OpenCV would make room for half a gigabyte
    assert picture_size(bytes(whole)) is None


def test_a_small_file_of_a_huge_picture_is_refused_by_its_size(tmp_path: Path) -> None:
    (tmp_path / "x.png").write_bytes(png(20_000, 20_000))
    with pytest.raises(TargetError, match="too large: .*20000x20000; wanted: at most 64 megapixels"):
        read_picture(tmp_path / "x.png")
    (tmp_path / "x.png").write_bytes(png(64, 32))
    assert read_picture(tmp_path / "x.png").shape == (32, 64, 3)

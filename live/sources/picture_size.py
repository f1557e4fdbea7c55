"""Reads a picture's size from its file header, before anything is unpacked."""

import struct
from collections.abc import Callable

_PNG, _JPEG, _BMP = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"BM"
# JPEG markers that begin a frame, whose header has the size; 0xC4, 0xC8 and 0xCC mean other things.
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_WITHOUT_LENGTH = frozenset(range(0xD0, 0xD9)) | {0x01}


def picture_size(content: bytes) -> tuple[int, int] | None:
    """(width, height) in pixels, above 0, of a PNG, JPEG, WebP or BMP; None for anything else or one cut short."""
    try:
        width, height = next((read(content) for begins, read in _FORMATS if content.startswith(begins)), (0, 0))
    except (struct.error, IndexError):
        return None
    return (width, abs(height)) if width > 0 and height != 0 else None


def _png(content: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from(">LL", content, 16)
    at, kind = len(_PNG), b""
    while at < len(content) and kind != b"IEND":
        length, kind = struct.unpack_from(">L4s", content, at)
        at += 12 + length
        if at > len(content):  # OpenCV would allocate all that the chunk claims to hold: up to 2 GB
            return 0, 0
    return (width, height) if content[12:16] == b"IHDR" else (0, 0)


def _jpeg(content: bytes) -> tuple[int, int]:
    at = 2
    while True:
        if content[at] != 0xFF:
            return 0, 0
        marker = content[at + 1]
        if marker == 0xFF or marker in _WITHOUT_LENGTH:
            at += 1 if marker == 0xFF else 2
        elif marker in _FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        else:
            at += 2 + struct.unpack_from(">H", content, at + 2)[0]


def _webp(content: bytes) -> tuple[int, int]:
    kind = content[8:16]
    if kind == b"WEBPVP8X":
        return 1 + int.from_bytes(content[24:27], "little"), 1 + int.from_bytes(content[27:30], "little")
    if kind == b"WEBPVP8L":
        (bits,) = struct.unpack_from("<L", content, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"WEBPVP8 ":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _bmp(content: bytes) -> tuple[int, int]:
    old = struct.unpack_from("<L", content, 14)[0] == 12
    width, height = struct.unpack_from("<HH" if old else "<ll", content, 18)
    return width, height  # a negative height: rows run from top to bottom


_FORMATS: tuple[tuple[bytes, Callable[[bytes], tuple[int, int]]], ...] = (
    (_PNG, _png),
    (_JPEG, _jpeg),
    (b"RIFF", _webp),
    (_BMP, _bmp),
)

"""Films as people have them, made by code: small, quick, and each odd in one way."""

import struct
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from engines.arrays import U8

SIZE = (64, 48)  # width, height
CORNERS = ((250, 10, 10), (10, 250, 10), (10, 10, 250), (240, 240, 240))  # left and right above, left and right below


def grey(value: int, size: tuple[int, int] = SIZE) -> U8:
    """A picture of one grey."""
    return np.full((size[1], size[0], 3), value, np.uint8)


def greys(count: int) -> list[U8]:
    """Pictures whose grey is ten times their number."""
    return [grey(10 * i) for i in range(count)]


def corners(size: tuple[int, int] = SIZE) -> U8:
    """A picture of four colours, by which its way up can be told."""
    width, height = size
    image = np.zeros((height, width, 3), np.uint8)
    for colour, rows in zip(CORNERS, (0, 0, 1, 1), strict=True):
        column = CORNERS.index(colour) % 2
        image[rows * height // 2 :, column * width // 2 :] = colour
    return image


def write_film(
    path: Path,
    pictures: Sequence[np.ndarray],
    *,
    codec: str = "ffv1",
    pix_fmt: str = "bgr0",
    picture_format: str = "rgb24",
    stamps_ms: Sequence[int] | None = None,
    rate: int = 30,
    options: dict[str, str] | None = None,
    **context: Any,
) -> Path:
    """Write the pictures, in the container that the name asks for. `stamps_ms`: when each is shown (default: 30 a
    second). `context`: the encoder's settings, such as its colours. Returns `path`.
    """
    with av.open("file:" + str(path), "w") as file:
        stream = file.add_stream(codec, rate=rate, options=options or {})
        first = av.VideoFrame.from_ndarray(pictures[0], format=picture_format)
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, pix_fmt
        for name, value in context.items():
            setattr(stream.codec_context, name, value)
        if stamps_ms is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        for i, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format=picture_format)
            if stamps_ms is not None:
                frame.pts, frame.time_base = stamps_ms[i], Fraction(1, 1000)
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def write_turned(path: Path, matrix: tuple[int, int, int, int], image: U8) -> Path:
    """An MP4 whose header says that a picture is to be turned by (a, b, c, d): x = a x + c y, y = b x + d y."""
    write_film(path, [image] * 3, codec="libx264", pix_fmt="yuv444p", options={"crf": "1"})
    a, b, c, d = (value << 16 for value in matrix)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44
    data[at : at + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def write_interlaced(path: Path, count: int = 8) -> Path:
    """A bar that moves to the right with every field: its edges are combs."""
    pictures = []
    for i in range(count):
        image = grey(40)
        for field in (0, 1):
            left = 4 * (2 * i + field)
            image[field::2, left % 40 : left % 40 + 16] = 220
        pictures.append(image)
    return write_film(path, pictures, codec="libx264", pix_fmt="yuv420p", options={"crf": "1", "x264-params": "tff=1"})


def write_browser_film(path: Path, count: int, *, rate: int = 1000) -> Path:
    """A WebM as browsers record them: `rate` by its header, and really about 30 pictures a second, a few ms off."""
    stamps = [round(i * 1000 / 30) + (0, 7, -6, 3)[i % 4] for i in range(count)]
    return write_film(path, greys(count), codec="libvpx", pix_fmt="yuv420p", rate=rate, stamps_ms=stamps)


def damage(path: Path, *damaged: int) -> Path:
    """Overwrite the packets of these frames with zeros. Returns `path`."""
    with av.open("file:" + str(path)) as file:
        packets = [bytes(packet) for packet in file.demux(video=0) if packet.size]
    data, at = bytearray(path.read_bytes()), 0
    for i, packet in enumerate(packets):
        at = data.index(packet, at)
        if i in damaged:
            data[at : at + len(packet)] = bytes(len(packet))
        at += len(packet)
    path.write_bytes(data)
    return path


def write_damaged(path: Path, count: int, *damaged: int) -> Path:
    """An AVI of greys in which the packets of these frames are rubbish."""
    return damage(write_film(path, greys(count), codec="mjpeg", pix_fmt="yuvj420p"), *damaged)


def with_cover(path: Path, sound: Path, cover: Path) -> Path:
    """An MP3 with a picture on its cover: an ID3 tag before the sound."""
    frame = b"\0image/png\0\x03\0" + cover.read_bytes()
    frame = b"APIC" + struct.pack(">I", len(frame)) + b"\0\0" + frame
    size = bytes((len(frame) >> shift) & 127 for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\0\0" + size + frame + sound.read_bytes())
    return path

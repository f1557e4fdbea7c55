"""A film's name is a path, for reading and for writing: never a URL, a pattern, or a list of other files."""

import os
import socket
import struct
import time
import zlib
from pathlib import Path

import av
import numpy as np
import pytest

from live.puppet.errors import CameraError
from live.puppet.values import PuppetFrame
from live.sinks.video_file import VideoFileSink
from live.sources.film.container import film_url
from live.sources.film.reader import FilmReader
from tests.live.odd_films import grey, greys, write_film

NAMES = [
    "take-10:30.mp4",
    "%03d.mp4",
    "-x.mp4",
    "file:a.mp4",
    "http:a.mp4",
    "concat:a.mp4",
    "pipe:",
    "a?b*c[1].mp4",
    "Tänzer 🕺.mp4",
    "n" * 236 + ".mp4",
    os.fsdecode(b"\xff\xfe.mp4"),
]
# Opens a port of the network, and waits there.
SESSION = "v=0\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_film(
        tmp_path_factory.mktemp("film") / "a.mp4", greys(6), codec="libx264", pix_fmt="yuv420p"
    ).read_bytes()


def named(name: str, content: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file, by its bare name in the current folder. Skips where no file can have this name."""
    monkeypatch.chdir(folder)
    try:
        Path(name).write_bytes(content)
    except (OSError, UnicodeEncodeError) as error:
        pytest.skip(f"no such name on this system: {error}")
    return Path(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_film_of_any_name_is_read(name: str, film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = named(name, film, tmp_path, monkeypatch)
    reader = FilmReader(path, lambda _: None)
    assert len(list(reader)) == reader.frames == 6
    assert reader.name.encode(), "it can be printed, whatever the name's alphabet"
    reader.close()


@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith(".mp4")])
def test_a_film_of_any_name_is_written(name: str, film: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = named(name, film, tmp_path, monkeypatch)
    path.unlink()
    sink = VideoFileSink(path)
    sink.open((64, 48), 30)
    sink.send(PuppetFrame(0, 0.0, grey(50), np.zeros((48, 64), np.uint8)), 0)
    sink.close(complete=True)
    assert os.listdir() == [name]


def test_a_title_in_another_alphabet_is_no_obstacle(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w") as file:
        stream = file.add_stream("ffv1", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "bgr0"
        file.metadata["title"] = "Taenzer"
        file.mux(stream.encode(av.VideoFrame.from_ndarray(grey(50), format="rgb24")))
        file.mux(stream.encode(None))
    path = tmp_path / "a.mkv"
    path.write_bytes(path.read_bytes().replace(b"Taenzer", b"T\xe4nzer\xff"))
    reader = FilmReader(path, lambda _: None)
    assert len(list(reader)) == 1
    reader.close()


def test_a_pattern_is_not_taken_for_the_pictures_that_it_fits(tmp_path: Path) -> None:
    for i in (1, 2, 3):
        write_film(tmp_path / f"{i:03d}.png", [grey(10 * i)], codec="png", pix_fmt="rgb24")
    (tmp_path / "%03d.png").write_bytes((tmp_path / "002.png").read_bytes())
    reader = FilmReader(tmp_path / "%03d.png", lambda _: None)
    assert [int(frame.image[0, 0, 0]) for frame in reader] == [20]
    reader.close()


@pytest.mark.parametrize(
    "content",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nb.ts\n#EXT-X-ENDLIST\n",
        "\ufeff#EXTM3U\nb.ts\n",
        "ffconcat version 1.0\nfile b.ts\n",
        "[playlist]\nFile1=b.ts\n",
        '<?xml version="1.0"?>\n<MPD type="static"><Period></Period></MPD>',
        SESSION,
    ],
)
@pytest.mark.parametrize("name", ["a.m3u8", "a.mp4"])
def test_a_list_of_other_files_is_refused_and_opens_none(
    name: str, content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_film(tmp_path / "b.ts", greys(3), codec="mpeg2video", pix_fmt="yuv420p")
    (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(socket, "socket", lambda *_: pytest.fail("a socket"))
    with pytest.raises(CameraError, match="a playlist, which only names other files"):
        FilmReader(Path(name), lambda _: None)


@pytest.mark.parametrize("content", ["ffconcat version 1.0\nfile b.ts\n", SESSION])
def test_what_hides_its_list_opens_nothing_either(
    content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_film(tmp_path / "b.ts", greys(3), codec="mpeg2video", pix_fmt="yuv420p")
    (tmp_path / "a.mp4").write_text(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("live.sources.film.reader.is_playlist", lambda _: False)
    began_s = time.monotonic()
    with pytest.raises(CameraError, match="not a video"):
        FilmReader(Path("a.mp4"), lambda _: None)
    assert time.monotonic() - began_s < 5, "FFmpeg waits 10 s at a port"


def test_a_url_is_a_file_that_is_not_there() -> None:
    for url in ("http://127.0.0.1:9/a.mp4", "tcp://127.0.0.1:9", "file:/etc/passwd", "concat:a|b", "lavfi:testsrc"):
        with pytest.raises(CameraError, match="no such video"):
            FilmReader(Path(url), lambda _: None)


def png_header(side: int) -> bytes:
    """A PNG of `side` x `side`, white, as far as its header goes."""
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(1 << 16))),
        (b"IEND", b""),
    )
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in chunks:
        data += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return data


def test_a_huge_picture_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    (tmp_path / "a.png").write_bytes(png_header(16_000))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CameraError, match="not a video that can be played"):
        FilmReader(tmp_path / "a.png", lambda _: None)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000, "in kilobytes"


@pytest.mark.parametrize(("codec", "pix_fmt"), [("libx264", "yuv420p"), ("png", "rgb24")])
def test_a_film_of_too_large_pictures_is_refused_and_not_decoded(
    codec: str, pix_fmt: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("live.sources.film.container", "live.sources.film.reader"):
        monkeypatch.setattr(f"{module}.LARGEST_PX", 64 * 48 - 1)
    monkeypatch.setattr(FilmReader, "_seen", lambda *_: pytest.fail("decoded"))
    path = write_film(tmp_path / "a.mov", greys(2), codec=codec, pix_fmt=pix_fmt)
    with pytest.raises(CameraError, match="of 64x48|not one picture"):
        FilmReader(path, lambda _: None)


def test_the_name_for_writing_is_a_files() -> None:
    assert film_url(Path("take-10:30.mp4")) == "file:take-10:30.mp4"
    with av.open(film_url(Path("/dev/null")), "w", format="null") as file:
        assert file.name == "file:/dev/null"

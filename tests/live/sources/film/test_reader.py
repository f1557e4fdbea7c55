"""`FilmReader`: a film is shown as it is to be seen, and what is damaged in it costs no more than itself."""

import contextlib
import gc
import itertools
from collections.abc import Iterator
from contextlib import closing
from fractions import Fraction
from itertools import product
from pathlib import Path

import av
import numpy as np
import pytest

from engines.arrays import U8
from live.puppet.errors import CameraError
from live.puppet.values import Frame
from live.sources.film.container import open_film
from live.sources.film.reader import FilmReader
from tests.live.odd_films import (
    CORNERS,
    SIZE,
    corners,
    grey,
    greys,
    with_cover,
    write_damaged,
    write_film,
    write_interlaced,
    write_turned,
)

SIGNS = list(product((1, -1), (1, -1)))
WAYS = [(a, 0, 0, d) for a, d in SIGNS] + [(0, b, c, 0) for b, c in SIGNS]
H264 = {"codec": "libx264", "pix_fmt": "yuv420p"}


def read(path: Path) -> tuple[list[Frame], list[str]]:
    """All frames, and what was said."""
    said: list[str] = []
    with closing(FilmReader(path, said.append)) as film:
        return list(film), said


def first(path: Path) -> U8:
    return read(path)[0][0].image


@pytest.mark.parametrize("way", WAYS)
def test_each_of_the_eight_ways_a_picture_can_lie_is_shown_upright(
    way: tuple[int, int, int, int], tmp_path: Path
) -> None:
    a, b, c, d = way
    image = first(write_turned(tmp_path / "a.mp4", way, corners()))
    assert image.shape[:2] == (SIZE[::-1] if a else SIZE)
    middle = np.array([SIZE[0] - 1, SIZE[1] - 1]) / 2
    shown_middle = np.array([image.shape[1] - 1, image.shape[0] - 1]) / 2
    for (x, y), colour in zip(((8, 8), (55, 8), (8, 39), (55, 39)), CORNERS, strict=True):
        u, v = (x, y) - middle
        left, top = np.rint((a * u + c * v, b * u + d * v) + shown_middle).astype(int)
        assert np.abs(image[top, left].astype(int) - colour).max() < 12


def test_pictures_are_freed_one_by_one_and_not_by_the_garbage_collector(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4", [corners()] * 30, **H264)
    gc.collect()
    gc.disable()
    before = sum(type(kept) is av.VideoFrame for kept in gc.get_objects())  # of tests before this one
    try:
        assert len(read(film)[0]) == 30
        assert sum(type(kept) is av.VideoFrame for kept in gc.get_objects()) <= before + 2
    finally:
        gc.enable()


def test_pixels_that_are_not_square_are_stretched(tmp_path: Path) -> None:
    film = write_film(tmp_path / "a.mp4", [corners()] * 3, sample_aspect_ratio=Fraction(4, 3), **H264)
    image = first(film)
    assert image.shape == (48, 85, 3)
    assert np.abs(image[40, 80].astype(int) - CORNERS[3]).max() < 20


def yuv(rgb: tuple[int, int, int], *, red: float, blue: float, full: bool) -> np.ndarray:
    """(3, H, W) uint8: one colour, by a standard's shares of red and blue in luma."""
    r, g, b = (value / 255 for value in rgb)
    luma = red * r + (1 - red - blue) * g + blue * b
    u, v = (b - luma) / (2 * (1 - blue)), (r - luma) / (2 * (1 - red))
    values = (luma * 255, u * 255 + 128, v * 255 + 128) if full else (16 + 219 * luma, 128 + 224 * u, 128 + 224 * v)
    return np.stack([np.full(SIZE[::-1], round(value), np.uint8) for value in values])


@pytest.mark.parametrize(("matrix", "red", "blue"), [(1, 0.2126, 0.0722), (5, 0.299, 0.114), (9, 0.2627, 0.0593)])
@pytest.mark.parametrize(("colour_range", "full"), [(1, False), (2, True)])
def test_each_standards_colours_are_seen_as_they_were(
    matrix: int, red: float, blue: float, colour_range: int, full: bool, tmp_path: Path
) -> None:
    planes = yuv((200, 60, 30), red=red, blue=blue, full=full)
    tags = {"colorspace": matrix, "color_range": colour_range}
    film = write_film(tmp_path / "a.mkv", [planes] * 2, pix_fmt="yuv444p", picture_format="yuv444p", **tags)
    assert np.abs(first(film).astype(int) - (200, 60, 30)).max() <= 3


@pytest.mark.parametrize(
    ("picture", "pix_fmt"),
    [
        (np.full(SIZE[::-1], 77, np.uint8), "gray"),
        (np.full(SIZE[::-1], 77 * 4 + 1, np.uint16), "gray10le"),
        (np.full(SIZE[::-1], 77 * 16 + 3, np.uint16), "gray12le"),
    ],
)
def test_grey_and_deep_films_are_seen_as_bright_as_they_are(picture: np.ndarray, pix_fmt: str, tmp_path: Path) -> None:
    image = first(write_film(tmp_path / "a.mkv", [picture] * 2, pix_fmt=pix_fmt, picture_format=pix_fmt))
    assert np.abs(image.astype(int) - 77).max() <= 1


@pytest.mark.parametrize(("transfer", "white"), [(18, 0.75), (16, 0.58)])
def test_white_paper_in_hdr_is_an_ordinary_white(transfer: int, white: float, tmp_path: Path) -> None:
    ramp = np.repeat(np.linspace(0, white, SIZE[0])[None], SIZE[1], 0)
    deep = np.repeat((65535 * ramp).astype(np.uint16)[..., None], 3, 2)
    tags = {"color_trc": transfer, "color_primaries": 9}
    film = write_film(tmp_path / "a.mkv", [deep] * 2, pix_fmt="gbrp12le", picture_format="rgb48le", **tags)
    row = first(film)[20].astype(int)
    assert (row[0] == 0).all() and (np.abs(row[-1] - 230) <= 3).all()
    assert (np.diff(row[:, 0]) >= 0).all() and (np.ptp(row, axis=1) <= 1).all(), "brighter and brighter, and grey"


def test_a_colour_of_hdr_keeps_its_hue(tmp_path: Path) -> None:
    red = np.broadcast_to(np.array([45_000, 20_000, 18_000], np.uint16), (48, 64, 3)).copy()
    tags = {"color_trc": 18, "color_primaries": 9}
    film = write_film(tmp_path / "a.mkv", [red] * 2, pix_fmt="gbrp12le", picture_format="rgb48le", **tags)
    r, g, b = first(film)[0, 0].astype(int)
    assert r > 200 and r > g + 80 and abs(g - b) < 40


def combs(image: U8) -> float:
    """How much each line differs from the two beside it."""
    lines = image[..., 0].astype(float)
    return float(np.abs(lines[1:-1] - (lines[:-2] + lines[2:]) / 2).mean())


def test_interlaced_pictures_are_made_whole_one_for_one(tmp_path: Path) -> None:
    path = write_interlaced(tmp_path / "a.mp4")
    with av.open(str(path)) as file:
        raw = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    frames, _ = read(path)
    assert len(frames) == len(raw) == 8
    assert [frame.t_capture_s for frame in frames] == pytest.approx([i / 30 for i in range(8)], abs=1e-3)
    assert combs(raw[4]) > 10 and combs(frames[4].image) < 2


def test_what_is_transparent_is_black(tmp_path: Path) -> None:
    picture = np.full((48, 64, 4), 255, np.uint8)
    picture[:, 20:, 3], picture[:, 40:, 3] = 128, 0
    image = first(write_film(tmp_path / "a.mkv", [picture] * 2, pix_fmt="bgra", picture_format="rgba"))
    assert [int(image[5, x, 0]) for x in (5, 30, 60)] == [255, 128, 0]


def test_a_songs_cover_is_no_film(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "song.mp3"), "w") as file:
        stream = file.add_stream("mp3", rate=44_100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 44_100), np.int16), format="s16p", layout="mono")
        sound.sample_rate = 44_100
        file.mux(stream.encode(sound))
        file.mux(stream.encode(None))
    cover = write_film(tmp_path / "cover.png", [grey(99)], codec="png", pix_fmt="rgb24")
    song = with_cover(tmp_path / "with_cover.mp3", tmp_path / "song.mp3", cover)
    with av.open(str(song)) as file:
        assert file.streams.video, "FFmpeg takes the cover for a video"
    with pytest.raises(CameraError, match="no picture track"):
        FilmReader(song, lambda _: None)


def test_of_several_tracks_the_default_one_is_the_film(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "a.mkv"), "w") as file:
        for size, default in (((32, 32), 0), (SIZE, 1)):
            stream = file.add_stream("ffv1", rate=30)
            stream.width, stream.height, stream.pix_fmt, stream.disposition = *size, "bgr0", default
        for i in range(4):
            for stream in file.streams.video:
                frame = av.VideoFrame.from_ndarray(grey(100, (stream.width, stream.height)), format="rgb24")
                frame.pts = i
                file.mux(stream.encode(frame))
        for stream in file.streams.video:
            file.mux(stream.encode(None))
    assert first(tmp_path / "a.mkv").shape == (48, 64, 3)


@pytest.mark.parametrize("damaged", [3, 11])
def test_a_damaged_packet_is_one_frame_less_and_said_once(damaged: int, tmp_path: Path) -> None:
    frames, said = read(write_damaged(tmp_path / "a.avi", 12, damaged))
    left = [i for i in range(12) if i != damaged]
    assert [round(int(frame.image[0, 0, 0]) / 10) for frame in frames] == left
    assert [frame.t_capture_s for frame in frames] == pytest.approx([i / 30 for i in left])
    assert said == ["a.avi: 1 damaged frame left out, 11 are good"]


def test_a_film_left_half_way_still_says_what_was_damaged(tmp_path: Path) -> None:
    said: list[str] = []
    film = FilmReader(write_damaged(tmp_path / "a.avi", 12, 3), said.append)
    for _ in range(6):
        film.read()
    film.close()
    film.close()
    assert said == ["a.avi: 1 damaged frame left out, 6 are good"]


def test_a_film_of_nothing_but_damage_is_a_clear_error(tmp_path: Path) -> None:
    path = write_damaged(tmp_path / "a.avi", 3, 0, 1, 2)
    with pytest.raises(CameraError, match="not one picture could be decoded"):
        FilmReader(path, lambda _: None)


def test_a_film_in_an_unknown_code_is_a_clear_error(tmp_path: Path) -> None:
    path = write_film(tmp_path / "a.mov", greys(3), codec="png", pix_fmt="rgb24")
    path.write_bytes(path.read_bytes().replace(b"png ", b"zzzz"))
    with pytest.raises(CameraError, match="in an unknown video format|not one picture"):
        FilmReader(path, lambda _: None)


@pytest.mark.parametrize("seed", range(8))
def test_a_film_with_rubbish_in_it_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    """A short turn of what scripts of ours did for longer: no other error, no picture beyond bounds."""
    rng = np.random.default_rng(seed)
    whole = write_film(
        tmp_path / ("a.mp4", "a.mkv", "a.ts", "a.avi")[seed % 4], greys(6), codec="mpeg4", pix_fmt="yuv420p"
    )
    data = whole.read_bytes()
    for _ in range(12):
        bent = bytearray(data)
        for at in rng.integers(0, len(bent), 1 + rng.integers(12)):
            bent[at : at + 4] = bytes(rng.choice([0, 127, 128, 255], 4).astype(np.uint8))
        whole.write_bytes(bent)
        try:
            frames, _ = read(whole)
        except CameraError:
            continue
        assert all(b.t_capture_s > a.t_capture_s for a, b in zip(frames, frames[1:], strict=False))


def test_a_stream_that_begins_in_the_middle_ends_the_film(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_film(tmp_path / "x.mkv", greys(6))

    class Demuxed:
        """PyAV's container, whose fourth packet is of a stream that was not there at first."""

        def __init__(self, inner: av.container.InputContainer) -> None:
            self.inner = inner

        def __getattr__(self, name: str) -> object:
            return getattr(self.inner, name)

        def demux(self, stream: av.VideoStream) -> Iterator[av.Packet]:
            yield from itertools.islice(self.inner.demux(stream), 3)
            raise IndexError("list index out of range")

    @contextlib.contextmanager
    def opened(path: Path) -> Iterator[Demuxed]:
        with open_film(path) as container:
            yield Demuxed(container)

    monkeypatch.setattr("live.sources.film.reader.open_film", opened)
    monkeypatch.setattr("live.sources.film.rate.open_film", opened)
    said: list[str] = []
    assert len(list(FilmReader(path, said.append))) == 3 and "list index" in said[0]

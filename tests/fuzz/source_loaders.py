"""The loaders of films, pictures and a page's messages."""

import json
import math
from pathlib import Path

import cv2
import numpy as np

from live.room.commands import execute
from live.sources.film.reader import FilmReader
from live.sources.picture_files import LARGEST_PX, pictures_in, read_rgb
from tests.fuzz.loader import Loader
from tests.fuzz.mutations import JSON
from tests.live.odd_films import corners, greys, write_film
from tests.live.room.fake_director import FakeDirector

FRAMES, MOST_FRAMES = 12, 2000
ENDINGS = (".png", ".jpg", ".webp", ".bmp")
MESSAGES = (
    {"do": "change", "name": "framing", "value": "half"},
    {"do": "change", "name": "background", "value": "#00ff7f"},
    {"do": "change", "name": "smoothing", "value": 0.25},
    {"do": "record", "value": True},
    {"do": "hide", "value": False},
)


def write_films(folder: Path) -> None:
    """The same dozen pictures in the containers and codes that people have."""
    write_film(folder / "a.mp4", greys(FRAMES), codec="libx264", pix_fmt="yuv420p")
    write_film(folder / "b.mkv", greys(FRAMES))
    write_film(folder / "c.webm", greys(FRAMES), codec="libvpx", pix_fmt="yuv420p")
    write_film(folder / "d.avi", greys(FRAMES), codec="mjpeg", pix_fmt="yuvj420p")
    write_film(folder / "e.ts", greys(FRAMES), codec="mpeg2video", pix_fmt="yuv420p")


def read_films(folder: Path) -> list[tuple[str, float, float, tuple[int, ...]]]:
    """Number, time, rate and shape of every frame of every film."""
    found = []
    for path in sorted(folder.iterdir()):
        reader = FilmReader(path, lambda told: None)
        try:
            for frame, _ in zip(reader, range(MOST_FRAMES), strict=False):
                found.append((path.name, frame.t_capture_s, reader.fps, frame.image.shape))
        finally:
            reader.close()
    return found


def films(value: object) -> None:
    """Pictures of a size that there is, each later than the one before."""
    assert isinstance(value, list) and value
    for before, after in zip(value, value[1:], strict=False):
        assert before[0] != after[0] or before[1] < after[1]
    for _, at_s, fps, shape in value:
        assert 0 <= at_s < math.inf and 0 < fps <= 1000
        assert len(shape) == 3 and shape[2] == 3 and min(shape) > 0
    assert sum(name == value[-1][0] for name, *_ in value) < MOST_FRAMES, "a dozen pictures do not become thousands"


def write_pictures(folder: Path) -> None:
    """A picture of each kind."""
    for ending in ENDINGS:
        cv2.imwrite(str(folder / f"picture{ending}"), corners()[..., ::-1])


def read_pictures(folder: Path) -> list[np.ndarray]:
    """All of them."""
    return [read_rgb(path) for path in pictures_in(folder)]


def pictures(value: object) -> None:
    """Colours, of no more points than there may be."""
    assert isinstance(value, list) and len(value) == len(ENDINGS)
    for image in value:
        assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        assert 0 < image.shape[0] * image.shape[1] <= LARGEST_PX


def write_messages(folder: Path) -> None:
    """What a page may send."""
    for number, message in enumerate(MESSAGES):
        (folder / f"{number}.json").write_text(json.dumps(message))


def send_messages(folder: Path) -> FakeDirector:
    """A director that was told all of them."""
    director = FakeDirector()
    for path in sorted(folder.iterdir()):
        execute(director, path.read_bytes().decode(errors="replace"), show_me=lambda on: None)
    return director


def obeyed(value: object) -> None:
    """No more was asked for than was sent."""
    assert isinstance(value, FakeDirector) and len(value.asked) <= 2 * len(MESSAGES)


def _messages() -> tuple[str, ...]:
    return tuple(f"{number}.json" for number in range(len(MESSAGES)))


SOURCE_LOADERS = [
    Loader("films", write_films, ("a.mp4", "b.mkv", "c.webm", "d.avi", "e.ts"), read_films, films, partial=True),
    Loader("pictures", write_pictures, tuple(f"picture{ending}" for ending in ENDINGS), read_pictures, pictures),
    Loader("page messages", write_messages, _messages(), send_messages, obeyed, own=JSON),
]

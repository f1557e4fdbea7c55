from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.arrays import U8
from tests.train.film import write_video
from train.errors import TrainError
from train.films.video import Letterbox, probe, read_frames

sides = st.integers(40, 400)


def counted(count: int) -> list[U8]:
    """Pictures of 64 x 48 whose colour is their number."""
    return [np.full((48, 64, 3), 10 * i, np.uint8) for i in range(count)]


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return write_video(tmp_path / "clip.mkv", counted(12))


@given(width=sides, height=sides, canvas=st.tuples(sides, sides), x=st.floats(0, 1), y=st.floats(0, 1))
def test_points_and_pictures_go_to_the_same_place(
    width: int, height: int, canvas: tuple[int, int], x: float, y: float
) -> None:
    box = Letterbox.fit((width, height), canvas)
    image = np.zeros((height, width), np.uint8)
    x0, y0, w, h = int(x * 0.7 * width), int(y * 0.7 * height), int(0.3 * width), int(0.3 * height)
    image[y0 : y0 + h, x0 : x0 + w] = 255
    picture = box.picture(image, border=cv2.BORDER_CONSTANT)
    assert picture.shape == canvas[::-1]
    rows, columns = np.mgrid[: canvas[1], : canvas[0]] + 0.5
    centre = np.array([(columns * picture).sum(), (rows * picture).sum()]) / picture.sum()
    wanted = box.scale * np.array([x0 + w / 2, y0 + h / 2]) + (box.dx, box.dy)
    assert np.abs(centre - wanted).max() < 1.0


def test_the_picture_lies_whole_and_centred() -> None:
    assert Letterbox.fit((1280, 720), (512, 512)) == Letterbox(0.4, 0.0, 112.0, (512, 512))


@pytest.mark.parametrize(("border", "corner"), [(cv2.BORDER_REPLICATE, 200), (cv2.BORDER_CONSTANT, 0)])
def test_what_is_outside_the_video_is_its_edge_or_nothing(border: int, corner: int) -> None:
    picture = Letterbox.fit((80, 40), (64, 64)).picture(np.full((40, 80, 3), 200, np.uint8), border=border)
    assert picture.shape == (64, 64, 3) and (picture[0, 0] == corner).all() and (picture[32, 32] == 200).all()


def test_frames_come_in_order_without_loss(video: Path) -> None:
    info = probe(video)
    assert (info.size, info.fps) == ((64, 48), 30.0)
    got = list(read_frames(info))
    assert [int(frame.image[0, 0, 0]) for frame in got] == [10 * i for i in range(12)]
    assert [(frame.frame_id, frame.t_capture_s) for frame in got] == [(i, i / 30) for i in range(12)]
    assert got[0].image.shape == (48, 64, 3) and got[0].image.dtype == np.uint8


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="no such video"):
        probe(tmp_path / "none.mp4")


@pytest.mark.parametrize("content", [b"", b"this is not a video " * 100])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clip.mp4").write_bytes(content)
    with pytest.raises(TrainError, match="not a video"):
        probe(tmp_path / "clip.mp4")


def test_a_file_with_sound_only_is_refused(tmp_path: Path) -> None:
    import av

    with av.open(str(tmp_path / "sound.mkv"), "w") as file:
        stream = file.add_stream("pcm_s16le", rate=8000)
        stream.layout = "mono"
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.rate = 8000
        file.mux(stream.encode(sound))
        file.mux(stream.encode())
    with pytest.raises(TrainError, match="not a video"):
        probe(tmp_path / "sound.mkv")


def test_a_video_that_breaks_off_ends_early(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 256, (48, 64, 3), dtype=np.uint8) for _ in range(12)]
    whole = write_video(tmp_path / "clip.mkv", noise)
    whole.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    got = list(read_frames(probe(whole)))
    assert 4 <= len(got) < 12 and np.array_equal(got[0].image, noise[0])


def test_of_a_video_with_rubbish_in_it_the_good_frames_are_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    video = write_video(tmp_path / "clip.mov", counted(12), codec="png", pix_fmt="rgb24")
    parts = video.read_bytes().split(b"\x89PNG")
    assert len(parts) == 13
    video.write_bytes(b"\x89PNG".join(parts[:8]) + b"\0\0\0\0" + b"\x89PNG".join(parts[8:]))
    assert [int(frame.image[0, 0, 0]) for frame in read_frames(probe(video))] == [10 * i for i in range(12) if i != 7]
    assert "clip.mov: 1 damaged frame left out, 11 are good" in capsys.readouterr().out


def test_frames_of_another_size_are_refused(video: Path) -> None:
    info = replace(probe(video), size=(32, 48))
    with pytest.raises(TrainError, match="got: 64x48 after 32x48"):
        next(read_frames(info))

"""File sources: order, times, sizes, and each way a file can be bad."""

import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from live.clock import FakeClock
from live.config import LiveConfig
from live.performer.recording import save_poses
from live.puppet.errors import CameraError, PoseFileError
from live.sources.choose import open_source
from live.sources.images import ImageFolderSource
from live.sources.looped import LoopedSource
from live.sources.paced import PacedSource
from live.sources.poses import PoseFileSource
from live.sources.video import VideoSource
from tests.live.fakes import ColourSource
from tests.live.tiny_target import ESTIMATOR, walking

RED = (250, 10, 10)


def write_video(path: Path, count: int = 12, size: tuple[int, int] = (64, 48), fps: int = 25) -> Path:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps), options={"crf": "5", "g": "1", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for i in range(count):
            image = np.zeros((size[1], size[0], 3), np.uint8)
            image[: i * 2 + 2] = RED
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def silent(_: str) -> None:
    raise AssertionError("nothing is to be said")


def test_a_video_gives_rgb_frames_with_its_own_times(tmp_path: Path) -> None:
    source = VideoSource(write_video(tmp_path / "a.mp4"), silent)
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    source.close()
    assert (source.size, source.fps) == ((64, 48), 25.0)
    assert [f.frame_id for f in frames] == list(range(12))
    assert [f.t_capture_s for f in frames] == pytest.approx([i / 25 for i in range(12)])
    assert np.abs(frames[11].image[:20].astype(int) - RED).max() < 25, "red is red: no BGR in a frame"
    assert (frames[0].image[10:] < 25).all()


@pytest.mark.parametrize("content", [b"", b"this is a text, not a video", b"\x00\x00\x00\x20ftypisom" + b"\x00" * 500])
def test_a_file_that_is_no_video_is_a_clear_error(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(CameraError, match="not a video"):
        VideoSource(path, silent)


def test_a_sound_file_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
    with pytest.raises(CameraError, match="no picture track"):
        VideoSource(path, silent)


def test_a_video_that_ends_early_gives_what_is_there_and_says_so(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.mp4", count=40)
    fast = tmp_path / "fast.mp4"  # its index stands first, so that a cut file can be opened
    with av.open(str(whole)) as a, av.open(str(fast), "w", options={"movflags": "faststart"}) as b:
        copy = b.add_stream_from_template(a.streams.video[0])
        for packet in a.demux(a.streams.video[0]):
            if packet.dts is not None:
                packet.stream = copy
                b.mux(packet)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(fast.read_bytes()[: fast.stat().st_size * 2 // 3])
    said: list[str] = []
    source = VideoSource(cut, said.append)
    count = 0
    while source.read() is not None:
        count += 1
    assert 5 < count < 38
    assert len(said) == 1 and "ends early" in said[0]


def test_a_size_change_half_way_is_fitted_into_the_first_size(tmp_path: Path) -> None:
    parts = [write_video(tmp_path / "a.h264", 5, (64, 48)), write_video(tmp_path / "b.h264", 5, (96, 48))]
    both = tmp_path / "both.h264"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))
    said: list[str] = []
    source = VideoSource(both, said.append)
    images = []
    while (frame := source.read()) is not None:
        images.append(frame.image)
    assert len(images) == 10
    assert {image.shape for image in images} == {(48, 64, 3)}
    assert len(said) == 1 and "changes size to 96x48" in said[0]
    assert (images[-1][:6] == 0).all(), "bars above, nothing stretched"


def test_pictures_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        image = np.full((8, 8, 3), number, np.uint8)
        image[:, :, 2] = 200  # red in BGR
        cv2.imwrite(str(tmp_path / f"frame_{number}.png"), image)
    (tmp_path / "notes.txt").write_text("no picture")
    source = ImageFolderSource(tmp_path, silent)
    frames = [source.read() for _ in range(4)]
    assert [f.image[0, 0].tolist() for f in frames if f] == [[200, 1, 1], [200, 9, 9], [200, 10, 10]]
    assert frames[3] is None


def test_a_picture_of_another_size_is_fitted_and_said_once(tmp_path: Path) -> None:
    for number, size in enumerate([(8, 8), (16, 8), (4, 4)]):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((*size, 3), 99, np.uint8))
    said: list[str] = []
    source = ImageFolderSource(tmp_path, said.append)
    assert [source.read().image.shape for _ in range(3)] == [(8, 8, 3)] * 3  # type: ignore[union-attr]
    assert len(said) == 1


def test_a_folder_without_pictures_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(CameraError, match="no pictures in the folder: .*; got: an empty folder"):
        ImageFolderSource(tmp_path, silent)
    (tmp_path / "images").mkdir()
    (tmp_path / "images.png").mkdir()
    (tmp_path / ".hidden.png").write_bytes(b"")
    with pytest.raises(CameraError, match=r"no pictures in the folder: .*; got: images.png/, images/"):
        ImageFolderSource(tmp_path, silent)


def test_a_picture_that_cannot_be_read_is_left_out_and_said(tmp_path: Path) -> None:
    for number in range(1, 6):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((8, 8, 3), number, np.uint8))
    (tmp_path / "1.png").write_bytes(b"broken")
    (tmp_path / "4.png").write_bytes((tmp_path / "4.png").read_bytes()[:-30])
    said: list[str] = []
    source = ImageFolderSource(tmp_path, said.append)
    frames = [frame for _ in range(5) if (frame := source.read())]
    assert [frame.image[0, 0, 0] for frame in frames] == [2, 3, 5] and source.read() is None
    assert [frame.frame_id for frame in frames] == [0, 1, 2]
    assert [frame.t_capture_s for frame in frames] == pytest.approx([1 / 30, 2 / 30, 4 / 30])
    assert [line.split(" is left out")[0] for line in said] == ["1.png", "4.png"]


def test_a_folder_of_which_no_picture_can_be_read_is_a_clear_error(tmp_path: Path) -> None:
    for number in range(40):
        (tmp_path / f"{number}.png").write_bytes(b"broken" * (number % 2))
    said: list[str] = []
    with pytest.raises(CameraError, match=r"not one picture can be read in the folder: .*; got: 0\.png and 39 more"):
        ImageFolderSource(tmp_path, said.append)
    assert len(said) < 8


def test_missing_numbers_are_said(tmp_path: Path) -> None:
    for number in (1, 2, 4, 5, 6, 9):
        cv2.imwrite(str(tmp_path / f"a{number}.png"), np.zeros((8, 8, 3), np.uint8))
    said: list[str] = []
    ImageFolderSource(tmp_path, said.append)
    assert said == [f"{tmp_path.name}: numbers are missing between its pictures: 3, 7 to 8"]


def test_what_is_said_of_a_looped_folder_is_said_once(tmp_path: Path) -> None:
    for number, side in enumerate((8, 8, 16, 0)):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.zeros((side or 8, 8, 3), np.uint8))
    (tmp_path / "3.png").write_bytes(b"broken")
    said: list[str] = []
    source = open_source(LiveConfig("tiny", str(tmp_path), ("null",), loop=True), FakeClock(), said.append).source
    assert [source.read().frame_id for _ in range(10)] == list(range(10))  # type: ignore[union-attr]
    assert len(said) == 2


def test_recorded_poses_need_no_picture(tmp_path: Path) -> None:
    save_poses(tmp_path / "p.npz", walking(5, fps=20), estimator=ESTIMATOR)
    source = PoseFileSource(tmp_path / "p.npz")
    times = []
    while (frame := source.read()) is not None:
        times.append(frame.t_capture_s)
        assert not frame.image.any()
    assert times == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    assert source.fps == pytest.approx(20)


def change(key: str, value: object) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        save_poses(path, walking(5), estimator=ESTIMATOR)
        with np.load(path) as data:
            arrays = dict(data)
        arrays[key] = np.array(value) if not callable(value) else value(arrays[key])
        np.savez(path, **arrays)

    return write


@pytest.mark.parametrize(
    ("write", "message"),
    [
        (change("topology", "coco17"), "another topology"),
        (change("points_px", lambda a: a[:, :25]), "not a recorded-poses file"),
        (change("t_s", lambda a: a[::-1]), "do not go forward"),
        (change("t_s", lambda a: a * np.nan), "t_s has numbers out of range"),
        (lambda path: save_poses(path, [], estimator=ESTIMATOR), "no poses"),
        (lambda path: path.write_bytes(b"no zip"), "not a recorded-poses file"),
        (lambda path: None, "no such pose file"),
    ],
)
def test_a_bad_pose_file_is_a_clear_error(write: Callable[[Path], None], message: str, tmp_path: Path) -> None:
    write(tmp_path / "p.npz")
    with pytest.raises(PoseFileError, match=message):
        PoseFileSource(tmp_path / "p.npz")


def test_nan_keypoints_are_read_as_not_seen(tmp_path: Path) -> None:
    poses = walking(5)
    poses[2].points_px[4] = np.nan
    save_poses(tmp_path / "p.npz", poses, estimator=ESTIMATOR)
    pose = PoseFileSource(tmp_path / "p.npz").poses[2]
    assert pose.scores[4] == 0
    assert np.isfinite(pose.points_px).all()


def test_a_looped_file_goes_on_counting() -> None:
    source = LoopedSource(lambda: ColourSource(3))
    frames = [source.read() for _ in range(8)]
    assert [f.frame_id for f in frames if f] == list(range(8))
    assert [f.t_capture_s for f in frames if f] == pytest.approx([i / 30 for i in range(8)])


def test_an_empty_file_does_not_loop_for_ever() -> None:
    assert LoopedSource(lambda: ColourSource(0)).read() is None


def test_a_paced_file_gives_each_frame_at_its_time_on_the_loops_clock() -> None:
    clock = FakeClock(1000.0)
    source = PacedSource(ColourSource(3), clock, threading.Event())
    assert [source.read().t_capture_s for _ in range(3)] == pytest.approx([1000, 1000 + 1 / 30, 1000 + 2 / 30])  # type: ignore[union-attr]


def test_a_late_paced_frame_is_given_at_once() -> None:
    clock = FakeClock(0.0)
    source = PacedSource(ColourSource(10), clock, threading.Event())
    source.read()
    clock.now_s = 0.2
    assert source.read().t_capture_s == 0.2  # type: ignore[union-attr]
    assert clock.now() == 0.2


@pytest.mark.parametrize("spec", ["nowhere.mp4", "nowhere.npz", "no/such/folder"])
def test_a_source_that_is_not_there_is_a_clear_error(spec: str, tmp_path: Path) -> None:
    config = LiveConfig("tiny", str(tmp_path / spec), ("null",))
    with pytest.raises((CameraError, PoseFileError), match="no such"):
        open_source(config, FakeClock(), silent)

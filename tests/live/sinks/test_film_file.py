"""A video under construction: it plays whenever the program ends, and no other file is lost by it."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from live.control.recorder import Recorder
from live.puppet.errors import SinkError
from live.puppet.values import PuppetFrame
from live.sinks import film_file
from live.sinks.several import Sinks
from live.sinks.video_file import VideoFileSink
from tests.live.fakes import Collector
from tests.live.patience import PATIENCE_S

ROOT = Path(__file__).resolve().parents[3]
NOISE = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
RECORDS = """
import sys, time
from pathlib import Path
import numpy as np
from live.puppet.values import PuppetFrame
from live.sinks.video_file import VideoFileSink
noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
sink = VideoFileSink(Path(sys.argv[1]))
sink.open((64, 64), 30.0)
for tick in range(10**9):
    sink.send(PuppetFrame(tick, 0.0, np.roll(noise, tick, 1), None), tick)
    time.sleep(0.002)
"""


def picture(tick: int) -> PuppetFrame:
    return PuppetFrame(tick, 0.0, np.roll(NOISE, tick, 1), np.zeros((64, 64), np.uint8))


def begun(path: Path, pictures: int = 30) -> VideoFileSink:
    sink = VideoFileSink(path)
    sink.open((64, 64), 30.0)
    for tick in range(pictures):
        sink.send(picture(tick), tick)
    return sink


def count(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def boxes(path: Path) -> list[str]:
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        found.append(data[at + 4 : at + 8].decode())
        at += int.from_bytes(data[at : at + 4], "big")
    return found


def test_a_video_has_its_name_and_plays_from_the_first_quarter_second_on(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    sink = VideoFileSink(path)
    sink.open((64, 64), 30.0)
    for tick in range(60):
        sink.send(picture(tick), tick)
        assert path.exists() == (tick >= 8)
        if path.exists():
            assert tick - 8 <= count(path) <= tick + 1
    assert boxes(path)[-2:] == ["moof", "mdat"]
    sink.close(complete=True)
    assert count(path) == 60
    assert boxes(path) == ["ftyp", "free", "mdat", "moov", "uuid"], "a plain file, with its index and XMP at the end"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_program_that_is_killed_leaves_a_file_that_plays(tmp_path: Path) -> None:
    for number, size in enumerate((1, 60_000, 200_000)):
        path = tmp_path / f"{number}.mp4"
        recording = subprocess.Popen([sys.executable, "-c", RECORDS, str(path)], cwd=ROOT)
        end_s = time.monotonic() + PATIENCE_S
        while not path.exists() or path.stat().st_size < size:
            assert time.monotonic() < end_s and recording.poll() is None
            time.sleep(0.002)
        recording.send_signal(signal.SIGKILL)
        recording.wait()
        assert count(path) >= 7
    assert len(list(tmp_path.iterdir())) == 3, "and nothing else"


def test_an_older_file_gives_way_to_a_whole_one(tmp_path: Path) -> None:
    path, before = tmp_path / "a.mp4", tmp_path / "a-before.mp4"
    path.write_bytes(b"the one before")
    sink = begun(path)
    assert before.read_bytes() == b"the one before" and count(path) > 0
    sink.close(complete=True)
    assert count(path) == 30 and not before.exists() and sink.remark == ""


def test_an_older_file_stays_until_there_is_a_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"the one before")
    begun(path, pictures=0).close(complete=True)
    assert path.read_bytes() == b"the one before" and list(tmp_path.iterdir()) == [path]


def test_a_run_that_failed_keeps_what_it_has_and_the_older_file(tmp_path: Path) -> None:
    path, before, taken = tmp_path / "a.mp4", tmp_path / "a-before-2.mp4", tmp_path / "a-before.mp4"
    path.write_bytes(b"the one before")
    taken.write_bytes(b"somebody's")
    said: list[str] = []
    sinks = Sinks([VideoFileSink(path)], said.append)
    sinks.open((64, 64), 30.0)
    for tick in range(30):
        sinks.send(picture(tick), tick)
    sinks.close(complete=False)
    assert count(path) == 30 and before.read_bytes() == b"the one before" and taken.read_bytes() == b"somebody's"
    assert said == [f"{path} is not complete; the file that was there before is now {before}"] and sinks.written == []


class Full:
    """A file on a disk that has room for `room` bytes more."""

    def __init__(self, file: object, room: int) -> None:
        self._file, self._room = file, room

    def write(self, data: bytes) -> int:
        if len(data) > self._room:
            self._file.write(bytes(data)[: self._room])  # type: ignore[attr-defined]
            raise OSError(errno.ENOSPC, "No space left on device")
        self._room -= len(data)
        return int(self._file.write(data))  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self._file, name)

    def __enter__(self) -> object:
        return self._file.__enter__()  # type: ignore[attr-defined]

    def __exit__(self, *error: object) -> None:
        self._file.__exit__(*error)  # type: ignore[attr-defined]


@pytest.fixture
def fill(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    keep = film_file.FilmFile._claimed

    def full_after(room: int) -> None:
        monkeypatch.setattr(film_file.FilmFile, "_claimed", lambda self: Full(keep(self), room))

    return full_after


def test_a_full_disk_ends_the_recording_alone_and_what_is_there_plays(
    tmp_path: Path, fill: Callable[[int], None]
) -> None:
    fill(60_000)
    path, other, said = tmp_path / "a.mp4", Collector(), list[str]()
    sinks = Sinks([other], said.append)
    sinks.open((64, 64), 30.0)
    recorder = Recorder(sinks)
    recorder.start(path)
    for tick in range(90):
        sinks.send(picture(tick), tick)
    assert len(other.images) == 90 and recorder.path is None
    assert recorder.problem.startswith(f"cannot write {path}: the disk is full") and "plays" in recorder.problem
    assert said == [f"output lost: {recorder.problem}"] == [f"output lost: {sinks.failed[0]}"]
    assert 7 <= count(path) < 90 and list(tmp_path.iterdir()) == [path]
    recorder.stop()
    assert recorder.problem == ""


def test_a_disk_without_any_room_leaves_no_empty_file_and_the_older_one(
    tmp_path: Path, fill: Callable[[int], None]
) -> None:
    fill(10)
    path = tmp_path / "a.mp4"
    path.write_bytes(b"the one before")
    sink = VideoFileSink(path)
    sink.open((64, 64), 30.0)
    with pytest.raises(SinkError, match="disk is full") as error:
        for tick in range(30):
            sink.send(picture(tick), tick)
    sink.close(complete=False)
    assert "plays" not in str(error.value)
    assert path.read_bytes() == b"the one before" and list(tmp_path.iterdir()) == [path]


def test_a_disk_without_room_for_the_index_leaves_a_file_that_plays(
    tmp_path: Path, fill: Callable[[int], None]
) -> None:
    begun(tmp_path / "b.mp4").close(complete=True)
    whole = (tmp_path / "b.mp4").stat().st_size
    fill(whole - 100)
    sink = begun(tmp_path / "a.mp4")
    with pytest.raises(SinkError, match="disk is full"):
        sink.close(complete=True)
    assert count(tmp_path / "a.mp4") >= 24 and sink.written is None


@pytest.mark.skipif(sys.platform == "win32", reason="there the system itself refuses")
@pytest.mark.parametrize("pictures", [0, 30])
def test_two_outputs_on_one_file_are_one_and_a_clear_line(pictures: int, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"the one before")
    first = begun(path, pictures)
    with pytest.raises(SinkError, match="is writing it now"):
        second = VideoFileSink(path)
        second.open((64, 64), 30.0)
        assert pictures == 0, "refused at once"
        for tick in range(30):
            first.send(picture(tick), tick)
            second.send(picture(tick), tick)
    first.close(complete=True)
    assert count(path) == max(30 if pictures else 0, count(path)) and os.listdir(tmp_path) == ["a.mp4"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe with a name")
def test_what_is_no_ordinary_file_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.mp4")
    with pytest.raises(SinkError, match="not a regular file"):
        VideoFileSink(tmp_path / "a.mp4").open((64, 64), 30.0)

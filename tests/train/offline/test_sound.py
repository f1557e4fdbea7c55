import shutil
from pathlib import Path

import av
import numpy as np
import pytest

from tests.train.heard_film import loudness, write_heard_film
from train.errors import TrainError
from train.offline.sound import lay_sound


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_heard_film(tmp_path_factory.mktemp("pictures") / "pictures.mp4", 50, codec=None)


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "aac"), ("a.mkv", "pcm_s16le"), ("a.mp4", "mp3")])
def test_sound_keeps_its_place_and_ends_with_the_pictures(
    tmp_path: Path, pictures: Path, name: str, codec: str
) -> None:
    source = write_heard_film(tmp_path / name, 50, codec=codec, tail_s=1.0)
    assert lay_sound(pictures, source, tmp_path / "out.mp4")
    begins, ends, last = loudness(tmp_path / "out.mp4")
    assert begins == pytest.approx(1.0, abs=0.06)  # half of 50 frames at 25 fps
    assert last == pytest.approx(2.0, abs=0.01) and ends == pytest.approx(last, abs=0.08)


@pytest.mark.parametrize("codec", ["aac", "pcm_s16le"])
def test_sound_counts_from_the_first_picture(tmp_path: Path, pictures: Path, codec: str) -> None:
    source = write_heard_film(tmp_path / "late.mkv", 50, codec=codec, first_s=0.5)
    assert lay_sound(pictures, source, tmp_path / "out.mp4")
    assert loudness(tmp_path / "out.mp4")[0] == pytest.approx(1.0, abs=0.06)


def test_pictures_are_taken_over_untouched(tmp_path: Path, pictures: Path) -> None:
    source = write_heard_film(tmp_path / "a.mp4", 50)
    lay_sound(pictures, source, tmp_path / "out.mp4")
    packets = []
    for path in (pictures, tmp_path / "out.mp4"):
        with av.open(str(path)) as file:
            packets.append([bytes(packet) for packet in file.demux(video=0) if packet.size])
    assert packets[0] == packets[1] and len(packets[0]) == 50


def test_a_silent_source_gives_a_silent_video(tmp_path: Path, pictures: Path) -> None:
    assert not lay_sound(pictures, pictures, tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as file:
        assert not file.streams.audio and sum(1 for _ in file.decode(video=0)) == 50


def test_what_cannot_be_written_is_said(tmp_path: Path, pictures: Path) -> None:
    shutil.copy(pictures, tmp_path / "a.mp4")
    with pytest.raises(TrainError, match="cannot write"):
        lay_sound(pictures, tmp_path / "a.mp4", tmp_path / "nowhere" / "out.mp4")


@pytest.mark.parametrize(("codec", "name"), [("aac", "part.ts"), ("mp2", "part.ts")])
def test_where_the_source_counts_anew_its_sound_goes_on_with_its_pictures(
    tmp_path: Path, codec: str, name: str
) -> None:
    part = write_heard_film(tmp_path / name, 50, codec=codec).read_bytes()  # a second of silence, one of the tone
    (tmp_path / "twice.ts").write_bytes(part + part)
    shown = write_heard_film(tmp_path / "shown.mp4", 100, codec=None)
    assert lay_sound(shown, tmp_path / "twice.ts", tmp_path / "out.mp4")
    assert [loud(tmp_path / "out.mp4", at) for at in (0.5, 1.5, 2.5, 3.5)] == [False, True, False, True]


@pytest.mark.parametrize("name", ["take-10:30.mp4", "%03d.mp4", "-x.mp4", "n" * 236 + ".mp4"])
def test_any_name_will_do(name: str, tmp_path: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = write_heard_film(tmp_path / "a.mp4", 50).rename(f"s{name}"[-240:])
    assert lay_sound(pictures, source, Path(name))
    assert sum(packet.size > 0 for packet in av.open(str(tmp_path / name)).demux(video=0)) == 50


def loud(path: Path, at_s: float) -> bool:
    with av.open(str(path)) as file:
        frames = [f for f in file.decode(file.streams.audio[0]) if abs(f.time - at_s) < 0.1]
    return bool(np.mean([np.abs(f.to_ndarray()).mean() for f in frames]) > 0.1)


def test_damaged_sound_is_a_moment_of_silence(tmp_path: Path, pictures: Path) -> None:
    source = write_heard_film(tmp_path / "a.mkv", 50, codec="flac")
    with av.open(str(source)) as file:
        packets = [bytes(packet) for packet in file.demux(audio=0) if packet.size]
    source.write_bytes(source.read_bytes().replace(packets[13], bytes(len(packets[13]))))
    assert lay_sound(pictures, source, tmp_path / "out.mp4")
    assert loud(tmp_path / "out.mp4", 1.8) and not loud(tmp_path / "out.mp4", 0.5)

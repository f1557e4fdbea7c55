import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

import live.session.assembly
import run_live
from engines.errors import EngineError
from live.estimator.recorded import RecordedEstimator
from live.puppet.errors import TargetError
from live.puppet.geometry.body_stats import fit_stats
from live.puppet.topology import TOPOLOGY
from live.puppet.values import Pose
from live.sinks.ai_metadata import COMMENT
from tests.live.command_line import ROOT, pictures
from tests.live.odd_films import grey, write_film
from tests.live.tiny_target import ESTIMATOR, walking, write_target
from tests.train.heard_film import loudness, write_heard_film
from train import __main__ as cli
from train.errors import TrainError
from train.offline import performance
from train.offline.transfer import TransferConfig, transfer

COUNT = 40


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_target(tmp_path_factory.mktemp("targets") / "tiny")


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_heard_film(tmp_path_factory.mktemp("film") / "dance.mp4", COUNT)


@pytest.fixture(autouse=True)
def found(monkeypatch: pytest.MonkeyPatch) -> list[Pose]:
    """The poses that every estimator finds; a test may take some away."""
    poses = walking(COUNT, fps=25)
    for module in (performance, live.session.assembly):
        monkeypatch.setattr(module, "open_estimator", lambda kind, say: RecordedEstimator(poses, ESTIMATOR))
    return poses


def test_every_frame_comes_once_at_the_rate_of_the_source_and_with_its_sound(
    target: Path, film: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = transfer(TransferConfig(film, str(target), tmp_path / "out.mp4"))
    assert len(pictures(str(out))) == COUNT
    begins, _, last = loudness(out)
    assert (begins, last) == (pytest.approx(COUNT / 25 / 2, abs=0.06), pytest.approx(COUNT / 25, abs=0.01))
    assert "40 frames at 25 fps, with sound" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    with av.open(str(out), options={"export_xmp": "1"}) as file:
        assert file.metadata["comment"] == COMMENT and "DigitalSourceType" in file.metadata["xmp"]


def test_it_gives_the_frames_of_a_live_run_with_the_same_calibration(
    target: Path, film: Path, tmp_path: Path, found: list[Pose]
) -> None:
    profile = tmp_path / "me.json"
    # The film's size: the poses stand in for what an estimator finds in it, and come from a larger picture.
    stats = replace(fit_stats(found), image_size=(64, 48))
    profile.write_text(json.dumps({"topology": TOPOLOGY, "stats": stats.to_json()}))
    flags = ["--target", str(target), "--source", str(film), "--no-realtime", "--sink", str(tmp_path / "live.mp4")]
    assert run_live.main([*flags, "--calibration", str(profile)]) == 0
    assert run_live.main([*flags[:-1], str(tmp_path / "uncalibrated.mp4")]) == 0
    transfer(TransferConfig(film, str(target), tmp_path / "out.mp4"))
    ours, calibrated, plain = (pictures(str(tmp_path / f"{n}.mp4")) for n in ("out", "live", "uncalibrated"))
    assert np.array_equal(ours, calibrated)
    assert not np.array_equal(ours, plain)  # the statistics matter


def test_each_frame_is_shown_at_its_own_time(target: Path, tmp_path: Path) -> None:
    # Two seconds of 10 a second, then 30 a second, as phones film in the dark and in the light.
    stamps = [*(100 * i for i in range(20)), *(2000 + round(i * 1000 / 30) for i in range(20))]
    film = write_film(tmp_path / "a.mp4", [grey(90)] * COUNT, stamps_ms=stamps, codec="libx264", pix_fmt="yuv420p")
    flags = ["--target", str(target), "--source", str(film), "--no-realtime", "--sink", str(tmp_path / "live.mp4")]
    assert run_live.main(flags) == 0
    transfer(TransferConfig(film, str(target), tmp_path / "out.mp4"))
    for name in ("live.mp4", "out.mp4"):
        with av.open(str(tmp_path / name)) as file:
            shown = [frame.time for frame in file.decode(video=0)]
        assert shown == pytest.approx([stamp / 1000 for stamp in stamps], abs=0.5 / 29.97), "in its own window"


def test_no_picture_of_the_source_is_ever_shown(target: Path, film: Path, tmp_path: Path, found: list[Pose]) -> None:
    found[10:20] = [Pose.empty(i, i / 25, (640, 640)) for i in range(10, 20)]
    transfer(TransferConfig(film, str(target), tmp_path / "out.mp4"))
    shown = pictures(str(tmp_path / "out.mp4"))
    assert len(shown) == COUNT
    assert min(np.abs(picture.astype(int) - (180, 0, 180)).sum(axis=2).min() for picture in shown) > 120


def test_the_background_is_the_one_that_was_asked_for(target: Path, film: Path, tmp_path: Path) -> None:
    transfer(TransferConfig(film, str(target), tmp_path / "out.mp4", background="#0000ff"))
    assert np.abs(pictures(str(tmp_path / "out.mp4"))[5][2, 2].astype(int) - (0, 0, 255)).max() < 12


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"source": Path("nothing.mp4")}, TrainError, "no such video"),
        ({"target": "nobody"}, EngineError, "no such target"),
        ({"framing": "half"}, TrainError, "not filmed in this framing"),
        ({"out": Path("nowhere/out.mp4")}, TrainError, "no folder nowhere"),
        ({"out": Path("out.avi")}, TrainError, "name it FILE.mp4"),
        ({"background": "nothing.png"}, TargetError, "no such background"),
    ],
)
def test_what_cannot_work_is_said_before_the_long_work(
    target: Path, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changes, error, said: str
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(performance, "open_estimator", lambda kind, say: pytest.fail("it was begun"))
    values = {"source": film, "target": str(target), "out": tmp_path / "out.mp4", **changes}
    with pytest.raises(error, match=said):
        transfer(TransferConfig(**values))
    assert not list(tmp_path.iterdir())


def test_the_source_is_not_overwritten(target: Path, film: Path) -> None:
    with pytest.raises(TrainError, match="the source itself"):
        transfer(TransferConfig(film, str(target), film))


def test_a_clip_without_a_person_leaves_nothing_behind(
    target: Path, film: Path, tmp_path: Path, found: list[Pose], capsys: pytest.CaptureFixture[str]
) -> None:
    found[:] = []
    assert cli.main(["transfer", str(film), "--target", str(target), "--out", str(tmp_path / "out.mp4")]) == 1
    assert "error: nobody was seen in dance.mp4" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_person_seen_too_briefly_cannot_be_measured(target: Path, film: Path, tmp_path: Path, found: list) -> None:  # type: ignore[type-arg]
    found[8:] = []
    with pytest.raises(TrainError, match="cannot be measured"):
        transfer(TransferConfig(film, str(target), tmp_path / "out.mp4"))


def test_a_full_disk_leaves_the_old_file(
    target: Path, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out.mp4"
    out.write_bytes(b"old")

    def full(*_: object, **__: object) -> bool:
        raise TrainError("cannot write", got="the disk is full")

    monkeypatch.setattr("train.offline.transfer.lay_sound", full)
    with pytest.raises(TrainError, match="the disk is full"):
        transfer(TransferConfig(film, str(target), out))
    assert out.read_bytes() == b"old" and [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_it_needs_no_torch() -> None:
    code = "import sys, train.offline.transfer, train.__main__; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0

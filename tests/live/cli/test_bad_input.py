"""Each bad input is one line and an exit code: never a traceback, never a half-written file under the final name."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

import run_live
from live.performer.recording import save_poses
from tests.live.command_line import ROOT, failed, pictures
from tests.live.tiny_target import ESTIMATOR, walking

pytestmark = pytest.mark.usefixtures("bare_machine")


@pytest.mark.parametrize(
    "flags",
    [
        ["--sink", "a.avi"],
        ["--background", "#12345"],
        ["--fps", "0"],
        ["--fps", "nan"],
        ["--threads", "0"],
        ["--duration", "-1"],
        ["--frames", "1.5"],
        ["--framing", "quarter"],
        ["--engine", "magic"],
        ["--source", "camera", "--no-realtime"],
        ["--source", "camera:0", "--loop"],
        ["--loop", "--no-realtime"],
        ["--no-such-flag"],
    ],
)
def test_a_wrong_flag_exits_with_2(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert failed(capsys, *flags, code=2).startswith("run_live.py: error: ")


def test_an_unknown_target_lists_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    line = failed(capsys, "--target", "nobody", "--source", "x.npz", "--sink", "null")
    assert "no such target" in line and "nobody" in line


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--source", "none.mp4"], "no such source"),
        (["--source", "text.mp4"], "not a video"),
        (["--source", "none.npz"], "no such pose file"),
        (["--source", "coco.npz"], "another topology"),
        (["--source", "camera:7"], "no camera '7'"),
        (["--source", "walk.npz", "--sink", "no/a.mp4"], "no folder"),
        (["--source", "walk.npz", "--sink", "window"], "no screen"),
        (["--source", "walk.npz", "--sink", "virtual-camera"], "virtual camera"),
        (["--source", "walk.npz", "--framing", "half"], "not filmed in this framing"),
        (["--source", "walk.npz", "--background", "none.png"], "no such background"),
        (["--source", "walk.npz", "--calibration", "none.json"], "not a calibration profile"),
        (["--source", "walk.npz", "--report", "no/r.json"], "cannot write the report"),
        (["--source", "nobody.npz", "--no-realtime"], "nobody was seen"),
    ],
)
def test_a_bad_input_is_one_line_and_exit_code_1(
    flags: list[str],
    message: str,
    tiny: Path,
    poses: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "text.mp4").write_text("this is no video")
    with np.load(poses) as data:
        np.savez("coco.npz", **{**data, "topology": np.array("coco17")})
    save_poses(tmp_path / "nobody.npz", walking(5, seen=range(0)), estimator=ESTIMATOR)
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.setattr("live.session.assembly.open_estimator", lambda kind, say: None)
    monkeypatch.setattr("live.sources.camera_list.V4L", tmp_path / "no-cameras")
    before = {p.name for p in tmp_path.iterdir()}
    line = failed(capsys, "--target", str(tiny), *(flags if "--sink" in flags else [*flags, "--sink", "null"]))
    assert line.startswith("error: ") and message in line
    assert {p.name for p in tmp_path.iterdir()} == before


def test_nan_keypoints_do_not_stop_the_puppet(tiny: Path, tmp_path: Path) -> None:
    with_nan = walking(30)
    for i in (3, 4, 20):
        with_nan[i].points_px[:] = np.nan
    save_poses(tmp_path / "nan.npz", with_nan, estimator=ESTIMATOR)
    assert run_live.main(["--target", str(tiny), "--source", "nan.npz", "--sink", "a.mp4", "--no-realtime"]) == 0
    assert len(pictures("a.mp4")) == 30


def test_a_full_disk_in_the_middle_loses_neither_the_other_sink_nor_the_run(
    tiny: Path, poses: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from live.sinks.video_file import VideoFileSink

    send, full = VideoFileSink.send, OSError(28, "No space left on device")

    def fill_up(self: VideoFileSink, image: np.ndarray, tick: int) -> bool:
        if self.name == "full.mp4" and tick == 10:
            raise self._failed(full) from full
        return send(self, image, tick)

    monkeypatch.setattr(VideoFileSink, "send", fill_up)
    flags = ["--target", str(tiny), "--source", poses, "--no-realtime", "--sink", "full.mp4", "--sink", "good.mp4"]
    assert run_live.main(flags) == 1
    assert "disk is full" in capsys.readouterr().err
    assert 7 <= len(pictures("full.mp4")) <= 10, "what was there by then plays"
    assert len(pictures("good.mp4")) == 45


def write_grey_video(path: Path, count: int) -> None:
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=Fraction(30))
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        for _ in range(count):
            picture = np.full((120, 160, 3), 128, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))


def test_a_video_with_nobody_in_it_idles_and_says_so(tiny: Path, tmp_path: Path) -> None:
    write_grey_video(tmp_path / "empty.mp4", 4)
    flags = ["--target", str(tiny), "--source", "empty.mp4", "--sink", "a.mp4", "--no-realtime"]
    done = subprocess.run(
        [sys.executable, str(ROOT / "run_live.py"), *flags], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("error: nobody was seen in empty.mp4")
    assert "Traceback" not in done.stderr
    assert "W0000" not in done.stderr and "XNNPACK" not in done.stderr, "no chatter of the pose models"
    assert len(pictures(str(tmp_path / "a.mp4"))) == 4

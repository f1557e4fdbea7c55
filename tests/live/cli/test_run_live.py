"""The command line, end to end on recorded poses: flags, defaults, files, the report."""

import gc
import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import run_live
from engines.selection.candidates import AUTO
from live.cli import defaults as resolve
from live.cli.arguments import parser
from live.sources.camera_list import CameraDevice
from live.specs import ENGINES
from tests.live.command_line import ROOT, failed, pictures
from tests.live.tiny_face import write_target_with_face
from tests.live.tiny_target import PLATE, SIDE

pytestmark = pytest.mark.usefixtures("bare_machine")


def test_poses_become_a_video_in_which_the_puppet_moves(tiny: Path, poses: str, tmp_path: Path) -> None:
    flags = ["--target", str(tiny), "--source", poses, "--no-realtime", "--report", "r.json"]
    assert run_live.main([*flags, "--sink", "a.mp4", "--sink", "null"]) == 0
    assert run_live.main([*flags, "--sink", "b.mp4"]) == 0
    images = pictures("a.mp4")
    assert len(images) == 45 and images[0].shape == (SIDE, SIDE, 3)
    assert np.abs(images[20][:8, :8].astype(int) - PLATE).max() < 12
    assert np.abs(images[20].astype(int) - images[0]).max() > 60
    assert all(np.array_equal(a, b) for a, b in zip(images, pictures("b.mp4"), strict=True))
    report = json.loads(Path("r.json").read_text())
    assert report["config"]["target"] == str(tiny)
    assert report["frames"]["sent"] == report["frames"]["captured"] == 45
    assert report["engine"] == {"backend": "doll", "device": "CPU", "precision": "uint8"}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "b.mp4", "r.json", "walk.npz"]


def test_pictures_are_marked_as_generated_unless_told_not_to_and_then_it_is_said_who_is_responsible(
    tiny: Path, poses: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--target", str(tiny), "--source", poses, "--no-realtime", "--frames", "3", "--quiet"]
    assert run_live.main([*flags, "--sink", "marked.mp4"]) == 0
    assert "responsible" not in capsys.readouterr().err
    assert run_live.main([*flags, "--sink", "bare.mp4", "--no-mark"]) == 0
    assert "you are responsible" in capsys.readouterr().err
    marked, bare = pictures("marked.mp4")[2], pictures("bare.mp4")[2]
    differ = np.abs(marked.astype(int) - bare).max(axis=2) > 60
    assert differ[SIDE // 2 :, SIDE // 2 :].any() and not differ[: SIDE // 2].any()


def test_quiet_says_what_was_written_and_the_log_says_all(
    tiny: Path, poses: str, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--target", str(tiny), "--source", poses, "--no-realtime", "--calibration", "none", "--log", "run.log"]
    assert run_live.main([*flags, "--sink", "a.mp4", "--quiet"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert [line for line in captured.err.splitlines() if "no generator" not in line] == ["wrote a.mp4"]
    assert run_live.main([*flags, "--sink", "no folder/a.mp4"]) == 1
    log = Path("run.log").read_text()
    for said in ("walk.npz -> Tiny (full) -> a.mp4", "capture-to-send", "wrote a.mp4", "ended with exit code 0"):
        assert said in log
    assert "error: cannot write" in log.splitlines()[-1]


def test_a_target_with_a_face_paints_it_unless_told_not_to(
    poses: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnx", reason="the tiny models are built with onnx, which the train extra brings")
    folder = write_target_with_face(tmp_path / "targets" / "faced")
    flags = ["--target", str(folder), "--source", poses, "--no-realtime", "--engine", "onnxruntime", "--frames", "20"]
    shown, reports = [], []
    for name, flag in (("a", "--face"), ("b", "--no-face")):
        assert run_live.main([*flags, "--sink", f"{name}.mp4", "--report", f"{name}.json", flag]) == 0
        shown.append(pictures(f"{name}.mp4"))
        reports.append(json.loads(Path(f"{name}.json").read_text()))
    changed = np.abs(shown[0][10].astype(int) - shown[1][10])
    assert changed[:50].max() > 30 and changed[80:].max() < 25 and changed[80:].mean() < 1, "the face is at the top"
    assert [report["config"]["face"] for report in reports] == [True, False]
    assert reports[0]["latency_ms"]["face"]["max"] > 0 == reports[1]["latency_ms"]["face"]["max"]
    assert capsys.readouterr().err.count("face: onnxruntime") == 1


def test_in_real_time_a_file_plays_at_its_own_pace(tiny: Path, poses: str, capsys: pytest.CaptureFixture[str]) -> None:
    flags = ["--target", str(tiny), "--source", poses, "--sink", "null", "--duration", "0.6", "--report", "r.json"]
    assert run_live.main(flags) == 0
    report = json.loads(Path("r.json").read_text())
    assert 15 <= report["frames"]["captured"] <= 19
    assert report["latency_ms"]["capture_to_send"]["max"] > 0
    out = capsys.readouterr().out
    assert "capture-to-send" in out and "fps" in out


def test_while_it_runs_the_garbage_collector_leaves_alone_what_was_opened(
    tiny: Path, poses: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen: list[int] = []
    monkeypatch.setattr("live.session.session.Loop.run", lambda loop: frozen.append(gc.get_freeze_count()))
    before = gc.get_freeze_count()
    run_live.main(["--target", str(tiny), "--source", poses, "--no-realtime", "--sink", "null", "--frames", "1"])
    assert frozen[0] > before + 10_000 and gc.get_freeze_count() <= before


@pytest.mark.parametrize(
    "flags", [["--background", "green"], ["--background", "#102030"], ["--mirror"], ["--loop", "--frames", "60"]]
)
def test_picture_flags_change_the_picture(tiny: Path, poses: str, flags: list[str]) -> None:
    base = ["--target", str(tiny), "--source", poses, "--no-realtime"]
    assert run_live.main([*base, "--sink", "plain.mp4"]) == 0
    assert run_live.main([*base, "--sink", "other.mp4", *flags]) == 0
    plain, other = pictures("plain.mp4"), pictures("other.mp4")
    assert len(other) == (60 if "--loop" in flags else 45)
    if "--loop" not in flags:
        assert np.abs(plain[10].astype(int) - other[10]).max() > 40


def test_defaults_are_said_in_a_line_each(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_live.main(["--target", str(tiny), "--dry-run"]) == 0
    captured = capsys.readouterr()
    config = json.loads(captured.out)
    assert (config["source"], config["sinks"], config["open_browser"]) == ("demo", ["puppet.mp4"], False)
    lines = captured.err.strip().splitlines()
    assert len(lines) == 2
    assert "no webcam" in lines[0] and "no virtual camera" in lines[1]


def test_a_webcam_and_a_virtual_camera_are_used_when_there(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(resolve, "list_cameras", lambda: [CameraDevice(0, "HD Webcam", False)])
    monkeypatch.setattr(resolve, "has_virtual_camera", lambda: True)
    assert run_live.main(["--target", str(tiny), "--dry-run"]) == 0
    captured = capsys.readouterr()
    config = json.loads(captured.out)
    assert (config["source"], config["sinks"], captured.err) == ("camera", ["virtual-camera"], "")


@pytest.mark.parametrize("camera", [True, False])
def test_before_a_screen_the_control_room_joins_and_opens(
    camera: bool, tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(resolve, "has_desktop", lambda: True)
    monkeypatch.setattr(resolve, "has_virtual_camera", lambda: camera)
    flags = ["--target", str(tiny), "--dry-run"]
    configs = []
    for more in ([], ["--no-open"], ["--no-realtime"], ["--sink", "null"], ["--sink", "browser:9000"]):
        assert run_live.main([*flags, *more]) == 0
        configs.append(json.loads(capsys.readouterr().out))
    instead = ["virtual-camera"] if camera else []
    assert [config["sinks"] for config in configs] == [
        *([*instead, "browser"], [*instead, "browser"], instead or ["puppet.mp4"], ["null"], ["browser:9000"])
    ]
    assert [config["open_browser"] for config in configs] == [True, False, True, True, True]
    assert [config["browser_asked"] for config in configs] == [False] * 4 + [True]


def test_a_virtual_camera_alone_is_no_webcam(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve, "list_cameras", lambda: [CameraDevice(10, "Puppet", True)])
    assert resolve.resolve(None, ["null"], lambda _: None) == ("demo", ("null",))


def test_a_dry_run_prints_the_whole_config(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flags = [
        "--target",
        str(tiny),
        "--source",
        "a.mp4",
        "--sink",
        "null",
        "--sink",
        "b.mp4",
        "--framing",
        "half",
        "--fps",
        "60",
    ]
    assert (
        run_live.main([*flags, "--threads", "3", "--duration", "9", "--no-realtime", "--report", "r.json", "--dry-run"])
        == 0
    )
    config = json.loads(capsys.readouterr().out)
    wanted = {
        "source": "a.mp4",
        "sinks": ["null", "b.mp4"],
        "framing": "half",
        "fps": 60,
        "threads": 3,
        "duration_s": 9,
    }
    assert wanted.items() <= config.items()
    assert config["realtime"] is False and config["report"] == "r.json"
    assert config["resolved_target"]["canvas"] == [SIDE, SIDE]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_ctrl_c_ends_a_run_with_its_report_and_a_finished_file(tiny: Path, poses: str, tmp_path: Path) -> None:
    flags = ["--target", str(tiny), "--source", poses, "--sink", "a.mp4", "--loop", "--report", "r.json"]
    with subprocess.Popen(
        [sys.executable, str(ROOT / "run_live.py"), *flags], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "->" in line:  # it runs
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
        assert process.wait(20) == 0, rest
    assert "Traceback" not in rest
    assert json.loads((tmp_path / "r.json").read_text())["config"]["loop"] is True
    assert not (tmp_path / "a.mp4.part").exists()


def test_help_is_quick_and_names_every_flag() -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(ROOT / "run_live.py"), "--help"],
        capture_output=True,
        text=True,
        check=True,
    )
    for heavy in ("cv2", "numba", "mediapipe", "numpy", "av"):
        assert f" {heavy}\n" not in done.stderr
    flags = (
        "target source sink framing background engine precision threads fps mirror calibration duration frames "
        "realtime host open calibrate"
    )
    for flag in (*flags.split(), "report", "list-targets", "list-cameras", "dry-run"):
        assert f"--{flag}" in done.stdout


def test_a_missing_system_library_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: object) -> int:
        raise ImportError("libGL.so.1: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(run_live, "_run", fail)
    assert "apt install libgl1" in failed(capsys, "--source", "demo")


def test_every_engine_can_be_asked_for_by_name() -> None:
    assert ENGINES == AUTO


def test_lists_need_nothing_but_the_machine(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("live.sources.camera_list.list_cameras", lambda: [CameraDevice(0, "HD Webcam", False)])
    assert run_live.main(["--list-cameras"]) == 0
    assert "HD Webcam" in capsys.readouterr().out
    assert run_live.main(["--list-targets"]) == 0


def test_threads_default_to_half_the_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("live.cli.arguments._cores", lambda: 2)
    assert parser().parse_args([]).threads == 1
    monkeypatch.setattr("live.cli.arguments._cores", lambda: 8)
    assert parser().parse_args([]).threads == 4

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from calib import headless
from calib.__main__ import main
from calib.terminal import Screen
from live.control.wizard_port import WizardView
from live.estimator.recorded import RecordedEstimator
from live.performer.profile import load_profile
from live.performer.recording import save_poses
from live.puppet.errors import CameraError
from live.puppet.values import Frame, Pose
from live.sources.choose import OpenedSource
from tests.calib.follower import BLANK, FPS, Follower, follow
from tests.calib.people import open_wizard, standing, tiny
from tests.live.puppet.figure import clip


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("target")
    tiny(folder)
    return folder / "tiny"


@pytest.fixture(scope="module")
def followed(target: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recorded poses of one who follows all steps."""
    _, poses = follow(open_wizard(tiny(tmp_path_factory.mktemp("again")), []), Follower(standing()))
    path = tmp_path_factory.mktemp("clip") / "followed.npz"
    save_poses(path, poses, estimator="recorded/openpose137")
    return path


@pytest.fixture
def dancing(tmp_path: Path) -> Path:
    poses = clip([800.0 + 60 * (i // 20 % 3) for i in range(300)], [600.0 + 60 * (i // 20 % 3) for i in range(300)])
    save_poses(tmp_path / "dancing.npz", poses, estimator="recorded/openpose137")
    return tmp_path / "dancing.npz"


class Webcam:
    """A camera that gives black pictures, and does `then` after `frames` of them."""

    name, fps, size, live = "Webcam", 30.0, (2, 2), True

    def __init__(self, frames: int, then: BaseException | None = None) -> None:
        self.frames, self.then, self.read_so_far, self.closed = frames, then, 0, False

    def read(self) -> Frame | None:
        if self.read_so_far >= self.frames:
            if self.then is not None:
                raise self.then
            return None
        i, self.read_so_far = self.read_so_far, self.read_so_far + 1
        return Frame(i, i / FPS, BLANK)

    def close(self) -> None:
        self.closed = True


def plug_in(monkeypatch: pytest.MonkeyPatch, camera: Webcam, poses: list[Pose]) -> None:
    """Let the command find this camera, before which these poses are seen."""
    monkeypatch.setattr(headless, "open_source", lambda *_: OpenedSource(camera))
    monkeypatch.setattr(headless, "open_estimator", lambda kind, say: RecordedEstimator(poses))


def poses_of(path: Path) -> list[Pose]:
    from live.performer.recording import load_poses

    return load_poses(path)[0]


def test_a_clip_that_follows_the_steps_is_measured_by_the_wizard(
    target: Path, followed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = ["--source", str(followed), "--target", str(target), "--profiles", str(tmp_path)]
    assert main([*flags, "--profile", "desk"]) == 0
    profile = load_profile("desk", folder=tmp_path)
    assert profile is not None and (profile.mode, profile.camera) == ("wizard", "followed.npz")
    assert profile.stats.near_y > profile.stats.far_y and profile.seated is not None
    said = capsys.readouterr().out
    assert "follows the steps" in said and "--calibration desk" in said and str(tmp_path / "desk.json") in said


def test_a_clip_of_one_who_just_dances_is_measured_and_says_so(
    target: Path, dancing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--source", str(dancing), "--target", str(target), "--profiles", str(tmp_path / "p")]) == 0
    profile = load_profile("me-dancing-npz", folder=tmp_path / "p")
    assert profile is not None and profile.mode == "clip"
    assert "clip mode" in capsys.readouterr().out


def test_a_camera_goes_through_the_wizard(
    target: Path, followed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    camera = Webcam(10_000)
    plug_in(monkeypatch, camera, poses_of(followed))
    assert main(["--target", str(target), "--profiles", str(tmp_path)]) == 0
    assert camera.closed and load_profile("auto", camera="Webcam", folder=tmp_path) is not None
    said = capsys.readouterr().out
    assert "[1/10] Camera" in said and "[10/10] Saved" in said


@pytest.mark.parametrize(
    ("then", "message"),
    [
        (None, "no more pictures"),
        (CameraError("the camera is gone", do="plug it in"), "the camera is gone"),
        (KeyboardInterrupt(), "Nothing was saved"),
    ],
)
def test_whatever_breaks_in_the_middle_the_old_profile_stays(
    target: Path,
    followed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    then: BaseException | None,
    message: str,
) -> None:
    flags = ["--target", str(target), "--profiles", str(tmp_path), "--profile", "desk"]
    assert main([*flags, "--source", str(followed)]) == 0
    before = (tmp_path / "desk.json").read_bytes()
    camera = Webcam(400, then)
    plug_in(monkeypatch, camera, poses_of(followed))
    assert main(flags) == 1
    assert message in capsys.readouterr().err and camera.closed
    assert [path.name for path in tmp_path.iterdir()] == ["desk.json"]
    assert (tmp_path / "desk.json").read_bytes() == before


def test_nobody_in_view_is_a_clear_end(
    target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plug_in(monkeypatch, Webcam(10_000), [])
    assert main(["--target", str(target), "--profiles", str(tmp_path)]) == 1
    assert "Nobody was in view" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_profiles_are_listed_renamed_and_deleted(
    target: Path, dancing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--profiles", str(tmp_path / "p")]
    assert main(["--list", *folder]) == 0
    assert "no profiles yet" in capsys.readouterr().err
    assert main(["--source", str(dancing), "--target", str(target), "--profile", "a", *folder]) == 0
    assert main(["--rename", "a", "b", *folder]) == 0
    (tmp_path / "p" / "old.json").write_text(json.dumps({"format": 0, "topology": "openpose137", "stats": {}}))
    capsys.readouterr()
    assert main(["--list", *folder]) == 0
    listed = capsys.readouterr()
    assert "b " in listed.out and "whole body, by a clip" in listed.out and "another version" in listed.err
    assert main(["--delete", "b", *folder]) == 0
    assert main(["--delete", "b", *folder]) == 1
    assert "no calibration profile of that name: b" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--target", "nobody"], "no such target"),
        (["--source", "missing.mp4"], "no such source"),
        (["--profile", "auto"], "not a name for a profile"),
        (["--source", "missing.npz"], "no such pose file"),
    ],
)
def test_mistakes_are_told_in_one_line(flags: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(flags) == 1
    said = capsys.readouterr().err
    assert message in said and said.count("\n") == 1


def test_flags_that_do_not_fit_are_a_usage_mistake() -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--list", "--delete", "x"])
    assert ended.value.code == 2


VIEW = WizardView("stand", 1, ("camera", "stand"), "Stand at ease", "Stand upright.", progress=0.5, countdown_s=2.0)


def test_plain_lines_say_only_what_is_new() -> None:
    out = io.StringIO()
    with Screen(out) as screen:
        for view in (VIEW, replace(VIEW, progress=0.6, sound="tick"), replace(VIEW, hint="Face the camera.")):
            screen.show(view)
            screen.show(view)
    assert out.getvalue() == "[2/2] Stand at ease: Stand upright.\n      Face the camera.\n"


def test_a_terminal_gets_a_panel_and_the_bell(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()
    with Screen(out) as screen:
        screen.show(replace(VIEW, sound="tick", hint="[red]no markup[/red]"))
    assert "Stand upright." in out.getvalue() and "\a" in out.getvalue()
    assert "[red]no markup[/red]" in out.getvalue()

"""What a run reads is never written over: refused with exit code 2, before anything is opened."""

import os
from pathlib import Path

import pytest

import run_live
from engines.bundle import SHIPPED
from live.cli.arguments import check, parser
from live.control.recorder import Recorder
from live.scene.settings import SettingsError
from live.sinks.several import Sinks
from live.sinks.video_file import free_file


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for folder in ("frames", "me"):
        Path(folder).mkdir()
    for name in ("clip.mp4", "poses.npz", "set.jpg", "me.json", "frames/1.png", "me/manifest.json"):
        Path(name).write_bytes(b"precious")
    Path("soft.mp4").symlink_to("clip.mp4")
    os.link("clip.mp4", "hard.mp4")
    Path("folder").symlink_to(tmp_path)
    return tmp_path


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


CLIP = ["--source", "clip.mp4"]


@pytest.mark.parametrize(
    "flags",
    [
        *([*CLIP, "--sink", name] for name in ("clip.mp4", "./clip.mp4", "soft.mp4", "hard.mp4", "folder/clip.mp4")),
        ["--source", "soft.mp4", "--sink", "clip.mp4"],
        *([*CLIP, flag, "clip.mp4", "--sink", "null"] for flag in ("--report", "--log", "--report")),
        [*CLIP, "--log", "folder/soft.mp4"],
        ["--source", "poses.npz", "--report", "poses.npz"],
        ["--source", "frames", "--report", "frames/1.png"],
        [*CLIP, "--background", "set.jpg", "--report", "set.jpg"],
        [*CLIP, "--calibration", "./me.json", "--log", "me.json"],
        *([*CLIP, "--target", "me", flag, "me/manifest.json"] for flag in ("--report", "--log")),
        [*CLIP, "--target", "me", "--sink", "me/out.mp4"],
        [*CLIP, "--sink", str(SHIPPED / "fortnite" / "out.mp4")],
        ["--sink", "out.mp4", "--sink", "folder/out.mp4"],
        ["--sink", "out.mp4", "--report", "./out.mp4"],
        ["--report", "out.txt", "--log", "out.txt"],
        ["--report", ""],
        ["--log", ""],
    ],
)
def test_writing_over_what_is_read_is_refused_before_anything_is_opened(here: Path, flags: list[str]) -> None:
    before = contents(here)
    with pytest.raises(SystemExit) as stop:
        run_live.main([*flags, "--no-realtime", "--frames", "5"])
    assert stop.value.code == 2 and contents(here) == before


@pytest.mark.parametrize(
    "flags",
    [
        [*CLIP, "--sink", "out.mp4", "--report", "out.json", "--log", "out.log"],
        ["--source", "frames", "--sink", "frames/out.mp4"],
        ["--source", "camera:clip.mp4", "--sink", "clip.mp4"],
        [*CLIP, "--sink", "virtual-camera:clip.mp4", "--sink", "null"],
    ],
)
@pytest.mark.usefixtures("here")
def test_other_files_are_in_nobody_s_way(flags: list[str]) -> None:
    assert check(parser().parse_args(flags)) is None


def test_a_file_that_nobody_named_takes_a_free_name(here: Path) -> None:
    assert free_file("puppet") == Path("puppet.mp4")
    Path("puppet.mp4").touch()
    Path("puppet-2.mp4").symlink_to("nowhere")
    assert free_file("puppet") == Path("puppet-3.mp4")


def test_a_recording_replaces_nothing(here: Path) -> None:
    before = contents(here)
    for name in ("clip.mp4", "soft.mp4", "folder/clip.mp4"):
        with pytest.raises(SettingsError, match="already exists"):
            Recorder(Sinks([], lambda _: None)).start(here / name)
    assert contents(here) == before

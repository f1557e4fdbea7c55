"""What a page may ask for."""

import json
from pathlib import Path

import pytest

from live.puppet.errors import PuppetError
from live.room.commands import CommandError, execute
from live.scene.settings import CHANGEABLE, SceneSettings
from tests.live.room.fake_director import FakeDirector


def command(director: FakeDirector, text: str | None) -> list[bool]:
    """Obeyed; what the page wished to see of the camera."""
    wishes: list[bool] = []
    execute(director, text, show_me=wishes.append)
    return wishes


VALUES = {
    "target": "knight",
    "framing": "auto",
    "background": "#00ff7f",
    "mirror": True,
    "engine": "openvino",
    "precision": "int8",
    "smoothing": 0.25,
    "face": False,
}


@pytest.mark.parametrize("name", CHANGEABLE)
def test_every_setting_reaches_the_director(director: FakeDirector, name: str) -> None:
    value = VALUES[name]
    command(director, json.dumps({"do": "change", "name": name, "value": value}))
    assert director.asked == [("change", name, value)]


def test_a_whole_number_is_a_smoothing_too(director: FakeDirector) -> None:
    command(director, '{"do": "change", "name": "smoothing", "value": 1}')
    assert director.asked == [("change", "smoothing", 1.0)] and isinstance(director.asked[0][2], float)


@pytest.mark.parametrize(
    ("do", "value", "flag"),
    [
        ("freeze", True, "frozen"),
        ("hide", True, "hidden"),
        ("hide", False, "hidden"),
        ("calibrate", True, "calibrating"),
        ("record", False, "recording"),
    ],
)
def test_every_switch_reaches_the_director(director: FakeDirector, do: str, value: bool, flag: str) -> None:
    command(director, json.dumps({"do": do, "value": value}))
    assert director.asked == [(flag, value if flag != "recording" else None)]


@pytest.mark.parametrize("name", ["\ud800", "a\nb", "x" * 5000])
def test_a_name_that_cannot_be_written_on_a_terminal_is_no_command(director: FakeDirector, name: str) -> None:
    with pytest.raises(CommandError) as refused:
        command(director, json.dumps({"do": "change", "name": name, "value": True}))
    assert str(refused.value).encode() and len(str(refused.value)) < 500 and not director.asked


def test_a_recording_gets_its_name_from_the_director(director: FakeDirector) -> None:
    command(director, '{"do": "record", "value": true}')
    assert director.asked[0][0] == "recording" and str(director.asked[0][1]).endswith(".mp4")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hide",
        "[]",
        "3",
        '{"do": "hide"}',
        '{"do": "hide", "value": "yes"}',
        '{"do": "hide", "value": 1}',
        '{"do": "stop", "value": true}',
        '{"do": ["hide"], "value": true}',
        '{"do": "show_me", "value": "yes"}',
        '{"do": "change", "name": "smoothing", "value": NaN}',
        '{"do": "change", "name": "smoothing", "value": 1e999}',
        '{"do": "change", "name": "smoothing", "value": 1' + "0" * 5000 + "}",
        '{"do": "change", "name": "smoothing", "value": 1' + "0" * 4000 + "}",
        '{"do": "change", "name": "background", "value": "\\ud800"}',
        '{"do": "change", "name": "background", "value": "a\\u0000b"}',
        '{"do": "change", "name": "background", "value": "' + "x" * 9000 + '"}',
        '{"do": "change", "name": "target", "value": ' + "[" * 900 + "]" * 900 + "}",
        "[" * 16000,
        '{"do":' * 3000,
        None,
        '{"do": "record", "value": "/etc/passwd"}',
        '{"do": "change", "name": "canvas", "value": 3}',
        '{"do": "change", "name": ["mirror"], "value": true}',
        '{"do": "change", "name": "mirror", "value": 1}',
        '{"do": "change", "name": "smoothing", "value": true}',
        '{"do": "change", "name": "target", "value": null}',
    ],
)
def test_anything_else_is_refused_and_does_nothing(director: FakeDirector, text: str | None) -> None:
    with pytest.raises(PuppetError):
        command(director, text)
    assert director.asked == []


def test_what_the_director_refuses_is_told(director: FakeDirector) -> None:
    with pytest.raises(PuppetError, match="choose another"):
        command(director, '{"do": "change", "name": "engine", "value": "broken"}')


def test_the_camera_picture_is_the_pages_own_matter(director: FakeDirector) -> None:
    assert command(director, '{"do": "show_me", "value": true}') == [True]
    assert director.asked == []


FORBIDDEN = "a page cannot choose this (background|character)"


@pytest.mark.parametrize("name", ["background", "target"])
def test_a_page_neither_opens_a_file_nor_learns_whether_it_is_there(
    director: FakeDirector, tmp_path: Path, name: str
) -> None:
    there = tmp_path / "there.png"
    there.write_bytes(b"")
    told = []
    for path in (there, tmp_path / "not there.png", tmp_path, "/root/x", "..", ".", "~", "x" * 999, ""):
        with pytest.raises(CommandError, match=FORBIDDEN) as refused:
            command(director, json.dumps({"do": "change", "name": name, "value": str(path)}))
        told.append(refused.value.what)
    assert len(set(told)) == 1 and director.asked == []


def test_what_the_command_line_named_may_be_chosen_again(director: FakeDirector, tmp_path: Path) -> None:
    picture, folder = tmp_path / "mine.png", tmp_path / "me"
    picture.write_bytes(b"")
    director.given = SceneSettings(str(folder), "full", str(picture))
    for name, value in (("background", str(picture)), ("target", str(folder))):
        command(director, json.dumps({"do": "change", "name": name, "value": value}))
        assert director.asked[-1] == ("change", name, value)

"""The control room joins the run, or says why it cannot."""

import queue
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from live.config import LiveConfig
from live.puppet.errors import PuppetError
from live.room.open_room import open_control_room
from live.sinks.several import Sinks
from live.telemetry.private import Private
from tests.live.fakes import Collector, ColourSource, ListedEstimator, fake_loop
from tests.live.patience import PATIENCE_S
from tests.live.tiny_target import walking


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


def config(port: int, **changes: object) -> LiveConfig:
    return LiveConfig("tiny", "colour", (f"browser:{port}",), **changes)  # type: ignore[arg-type]


def director(tiny: Path):  # type: ignore[no-untyped-def]
    return fake_loop(ColourSource(1), ListedEstimator(walking(1)), tiny, sinks=[])[0].parts.director


def test_a_run_without_it_opens_nothing(tiny: Path) -> None:
    plain = LiveConfig("tiny", "colour", ("null", "a.mp4"))
    assert open_control_room(plain, director(tiny), Sinks([], print), print) is None


def test_it_is_one_more_output_and_says_where_it_is(tiny: Path) -> None:
    sinks, said = Sinks([Collector()], print), list[str]()
    sinks.open((128, 128), 30.0)
    room = open_control_room(config(0), director(tiny), sinks, said.append)
    assert room is not None
    try:
        assert sinks.names == ["collector", "browser"]
        assert said == [f"control room: {room.url}", f"for OBS, as a browser source: {room.stage_url}"]
        assert room.url.startswith("http://127.0.0.1:")
        for line, secret in zip(said, (room.token, room.stage_token), strict=True):
            assert isinstance(line, Private) and secret in line and secret not in line.public
    finally:
        room.close()


def test_it_is_shown_at_once_when_there_is_a_screen(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr("webbrowser.open", lambda file: shown.put(Path(urlsplit(file).path).read_text()))
    sinks = Sinks([], print)
    sinks.open((128, 128), 30.0)
    room = open_control_room(config(0, open_browser=True), director(tiny), sinks, lambda _: None)
    assert room is not None
    try:
        assert room.url in shown.get(timeout=PATIENCE_S)
    finally:
        room.close()


def test_one_that_was_asked_for_and_cannot_start_ends_the_run_with_what_to_do(tiny: Path, taken_port: int) -> None:
    sinks = Sinks([Collector()], print)
    sinks.open((128, 128), 30.0)
    with pytest.raises(PuppetError, match="cannot listen .*do this: .*--sink browser:PORT"):
        open_control_room(config(taken_port, browser_asked=True), director(tiny), sinks, print)


def test_one_that_nobody_asked_for_is_done_without(tiny: Path, taken_port: int) -> None:
    sinks, said = Sinks([Collector()], print), list[str]()
    sinks.open((128, 128), 30.0)
    assert open_control_room(config(taken_port), director(tiny), sinks, said.append) is None
    assert len(said) == 1 and said[0].startswith("no control room: ") and sinks.names == ["collector"]


def test_without_any_other_output_it_has_to_start(tiny: Path, taken_port: int) -> None:
    with pytest.raises(PuppetError, match="cannot listen"):
        open_control_room(config(taken_port), director(tiny), Sinks([], print), print)

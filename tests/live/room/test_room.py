"""The control room as a whole, over real sockets of this machine."""

import contextlib
import json
import re
import socket
import threading
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from live.room.pages import FOLDER
from live.room.room import Room, RoomError
from tests.live.room.fake_director import SIDE, FakeDirector
from tests.live.room.test_encode import unpacked
from tests.live.room.visitor import PATIENCE_S, camera_of, get, next_picture, open_socket, port_of, state_where


def command(**fields: object) -> str:
    return json.dumps(fields)


def test_both_pages_and_every_file_they_name_are_served(room: Room) -> None:
    for place in ("", "stage"):
        status, headers, page = get(room.url + place)
        assert status == 200 and headers["content-type"].startswith("text/html")
        for name in re.findall(r'(?:src|href)="(page/[^"]+)"', page.decode()):
            assert get(room.url + name)[0] == 200, name


def test_modules_are_served_as_scripts(room: Room) -> None:
    assert get(f"{room.url}page/room.js")[1]["content-type"].startswith("text/javascript")


def test_nothing_but_the_pages_files_can_be_asked_for(room: Room) -> None:
    for path in (
        "page/../room.py",
        "page/%2e%2e/room.py",
        "page/..%2froom.py",
        "poster/..",
        "poster/%2e%2e%2fetc",
        "x",
    ):
        assert get(room.url + path)[0] == 404, path


def test_a_target_has_its_poster_and_a_stranger_none(room: Room) -> None:
    status, headers, picture = get(f"{room.url}poster/knight")
    assert (status, headers["content-type"], picture[:2]) == (200, "image/jpeg", b"\xff\xd8")
    assert get(f"{room.url}poster/nobody")[0] == 404


def test_a_page_is_told_the_state_at_once_and_again(room: Room) -> None:
    with open_socket(room.url, "state") as page:
        first = state_where(page, lambda state: True)
        assert first["target"] == "fortnite" and first["wizard"] is None
        state_where(page, lambda state: True)


def test_a_command_shows_up_on_every_page(room: Room) -> None:
    with open_socket(room.url, "state") as page, open_socket(room.url, "state") as other:
        page.send(command(do="change", name="target", value="knight"))
        page.send(command(do="hide", value=True))
        state_where(other, lambda state: state["target"] == "knight" and state["hidden"])


def test_a_refused_command_is_told_to_the_page_that_gave_it(room: Room) -> None:
    with open_socket(room.url, "state") as page:
        page.send(command(do="change", name="engine", value="broken"))
        while (message := json.loads(page.recv(PATIENCE_S)))["kind"] != "refused":
            pass
        assert "choose another one" in message["text"]
        state_where(page, lambda state: state["target"] == "fortnite")


def test_the_wizards_words_reach_the_page_without_the_performers_measures(room: Room, director: FakeDirector) -> None:
    director.start(room.sink.send)
    with open_socket(room.url, "state") as page:
        page.send(command(do="calibrate", value=True))
        view = state_where(page, lambda state: bool(state["wizard"] and state["wizard"]["hint"]))["wizard"]
        assert view["title"] == "Let me look at you" and "stats" not in view
        while director.say_next():
            pass
        done = state_where(page, lambda state: bool(state["wizard"] and state["wizard"]["finished"]))["wizard"]
        assert done["score"]["after_px"] == 3.4


def test_pictures_come_one_for_one(room: Room, director: FakeDirector) -> None:
    director.start(room.sink.send)
    with open_socket(room.url, "pictures/puppet") as page:
        assert {next_picture(page)[:2] for _ in range(3)} == {b"\xff\xd8"}
        with pytest.raises(TimeoutError):
            page.recv(0.3)  # nothing was asked for


def test_the_stage_gets_the_puppet_and_nothing_around_it(room: Room, director: FakeDirector) -> None:
    director.start(room.sink.send)
    with open_socket(room.url, "pictures/stage") as page:
        picture = unpacked(next_picture(page))
        assert picture.shape == (SIDE, SIDE, 4) and 0 < (picture[:, :, 3] > 0).mean() < 0.2
        director.hide(True)
        next_picture(page)  # one may have been on its way
        assert not unpacked(next_picture(page)).any()


def test_there_is_no_other_feed(room: Room) -> None:
    with pytest.raises(InvalidStatus):
        open_socket(room.url, "pictures/raw").__enter__()


def test_pages_that_do_not_read_hold_nobody_up(room: Room, director: FakeDirector) -> None:
    director.start(room.sink.send)
    with contextlib.ExitStack() as stack:
        for feed in ("puppet", "stage"):
            for _ in range(10):
                stack.enter_context(open_socket(room.url, f"pictures/{feed}")).send("1")
        eager = stack.enter_context(open_socket(room.url, "pictures/stage"))
        for _ in range(30):
            next_picture(eager)


def test_twenty_pages_at_once_are_all_served(room: Room, director: FakeDirector) -> None:
    director.start(room.sink.send)
    with contextlib.ExitStack() as stack:
        pages = [
            [
                stack.enter_context(open_socket(room.url, path))
                for path in ("state", "pictures/puppet", "pictures/figure")
            ]
            for _ in range(20)
        ]
        for _ in range(5):
            for _, *feeds in pages:
                for feed in feeds:
                    feed.send("1")
            for _, *feeds in pages:
                assert all(feed.recv(PATIENCE_S) for feed in feeds)
        for state, *_ in pages:
            state_where(state, lambda known: known["target"] == "fortnite")


def test_a_port_in_use_is_told_with_what_to_do(director: FakeDirector) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(RoomError, match=f"(?s)127.0.0.1:{port}.*--sink browser:PORT"):
            Room(director, port=port, say=print).start()


def test_an_address_that_is_not_ours_is_told(director: FakeDirector) -> None:
    with pytest.raises(RoomError, match="192.0.2.1"):
        Room(director, host="192.0.2.1", port=0, say=print).start()


def test_the_sink_may_be_fed_before_the_room_is_open_and_after(director: FakeDirector) -> None:
    room = Room(director, port=0, say=print)
    assert room.url == "" and room.sink.send(director.picture(0), 0)
    room.start()
    room.close()
    room.close()
    assert room.sink.send(director.picture(1), 1)


def test_closing_lets_pages_go_and_frees_the_port(director: FakeDirector) -> None:
    room = Room(director, port=0, say=print)
    room.start()
    director.start(room.sink.send)
    url = room.url
    with open_socket(url, "state") as page, camera_of(url, page) as camera:
        next_picture(camera)
        room.close()
        with pytest.raises(ConnectionClosed):
            state_where(page, lambda state: False)
        with pytest.raises(ConnectionClosed):
            camera.recv(PATIENCE_S)
    for thread in threading.enumerate():
        if thread.name.startswith("room "):
            thread.join(PATIENCE_S)  # a busy machine takes its time
            assert not thread.is_alive()
    again = Room(director, port=port_of(url), say=print)
    again.start()
    again.close()


def test_the_address_names_a_machine_that_others_can_reach(director: FakeDirector) -> None:
    room = Room(director, host="0.0.0.0", port=0, say=print)
    room.start()
    room.close()
    assert "//0.0.0.0" not in room.url and re.fullmatch(r"http://[^/]+:\d+/[\w-]{20,}/", room.url)
    assert re.fullmatch(r"http://[^/]+:\d+/[\w-]{20,}/stage", room.stage_url)


def test_the_pages_files_name_nothing_elsewhere() -> None:
    for path in FOLDER.iterdir():
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"(?:https?:)?//[\w.-]+\.\w+/|@import|\bstyle=", text), path.name


def test_every_file_of_the_page_goes_into_the_package() -> None:
    kinds = {path.suffix for path in Path(FOLDER).iterdir()}
    assert kinds == {".html", ".css", ".js", ".svg"}

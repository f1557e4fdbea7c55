"""Who may talk to the control room."""

import contextlib
import http.client

import pytest

from live.room.entry.access import Access, is_loopback, new_token
from live.room.room import Room
from tests.live.room.fake_director import FakeDirector
from tests.live.room.visitor import PATIENCE_S, get, next_picture, open_socket, port_of

PLACES = ("", "stage", "page/room.js", "poster/knight", "figure.json", "nothing")
SOCKETS = ("state", "pictures/puppet", "pictures/figure", "pictures/camera", "pictures/stage")


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


def refused(room_url: str, path: str, **headers: str) -> bool:
    """Whether a socket is answered with 403."""
    return get(room_url + path, **HANDSHAKE, **headers)[0] == 403


@pytest.mark.parametrize("place", PLACES)
def test_a_foreign_host_gets_403_everywhere(room: Room, place: str) -> None:
    assert get(room.url + place, Host="rebound.example")[0] == 403
    assert get(room.url + place, Host="127.0.0.1:1")[0] == 403


def test_two_hosts_or_two_origins_are_one_too_many(room: Room) -> None:
    port = port_of(room.url)
    for name, ours in (("Host", f"127.0.0.1:{port}"), ("Origin", f"http://127.0.0.1:{port}")):
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        asked.putrequest("GET", f"/{room.token}/state", skip_host=name == "Host")
        for header, value in (*HANDSHAKE.items(), (name, ours), (name, "http://rebound.example")):
            asked.putheader(header, value)
        asked.endheaders()
        with contextlib.closing(asked):
            assert asked.getresponse().status in (400, 403)  # 400: by the server's own reading of HTTP


@pytest.mark.parametrize("place", PLACES)
def test_a_foreign_origin_gets_403_everywhere(room: Room, place: str) -> None:
    for origin in ("http://evil.example", "null", f"https://127.0.0.1:{port_of(room.url)}"):
        assert get(room.url + place, Origin=origin)[0] == 403


@pytest.mark.parametrize("path", ["state", "pictures/puppet", "pictures/camera", "nothing"])
def test_a_foreign_origin_gets_no_socket(room: Room, director: FakeDirector, path: str) -> None:
    assert refused(room.url, path, Origin="http://evil.example")
    assert refused(room.url, path, Host="rebound.example")
    assert director.asked == []


def test_the_page_itself_is_let_in_under_each_of_our_names(room: Room) -> None:
    port = port_of(room.url)
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        assert get(room.url, Host=f"{name}:{port}", Origin=f"http://{name}:{port}")[0] == 200
    with open_socket(room.url, "state", Origin=f"http://127.0.0.1:{port}") as page:
        assert page.recv(PATIENCE_S)


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_everything_needs_the_token_also_on_this_machine(director: FakeDirector, host: str) -> None:
    room = Room(director, host=host, port=0, say=print)
    room.start()
    try:
        here = f"http://127.0.0.1:{port_of(room.url)}"
        assert len(room.token) >= 20 and room.token != room.stage_token
        for wrong in ("", f"/{new_token()}", f"/{room.token[:-1]}", "/%ff"):
            assert all(get(f"{here}{wrong}/{place}")[0] == 403 for place in PLACES)
            assert all(refused(f"{here}{wrong}/", path) for path in SOCKETS)
        assert get(f"{here}/{room.token}/")[0] == 200
        assert get(f"{here}/{room.token}/", Origin="http://evil.example")[0] == 403
        with open_socket(f"{here}/{room.token}/", "state") as page:
            assert page.recv(PATIENCE_S)
        assert ("show_me", True) not in director.asked
    finally:
        room.close()


def test_the_address_for_obs_opens_the_puppet_and_nothing_else(room: Room, director: FakeDirector) -> None:
    director.start(room.sink.send)
    stage = room.stage_url.removesuffix("stage")
    assert get(room.stage_url)[0] == get(f"{stage}page/stage.js")[0] == 200
    with open_socket(stage, "pictures/stage") as page:
        assert next_picture(page)
    for place in ("", "poster/knight", "figure.json", "stage/", "nothing"):
        assert get(f"{stage}{place}")[0] == 403, place
    assert get(f"{stage}page/../figure.json")[0] == get(f"{stage}page/%2e%2e/figure.json")[0] == 404
    for path in ("state", "pictures/puppet", "pictures/figure", "pictures/camera", "pictures/camera?pass=x"):
        assert refused(stage, path), path
    assert director.asked == []


def test_who_is_refused_is_told_where_the_address_is(room: Room) -> None:
    text = get(f"http://127.0.0.1:{port_of(room.url)}/")[2].decode()
    assert "printed in the terminal" in text and room.token not in text and room.stage_token not in text


def test_every_answer_forbids_what_is_from_elsewhere(room: Room) -> None:
    for place in PLACES:
        headers = get(room.url + place)[1]
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy
        assert headers["referrer-policy"] == "no-referrer" and headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("192.168.1.4", False),
        ("::", False),
    ],
)
def test_what_only_this_machine_can_reach_is_known(host: str, local: bool) -> None:
    assert is_loopback(host) == local


@pytest.mark.parametrize(("room_token", "stage_token"), [("", "a"), ("a", ""), ("a", "a")])
def test_a_room_without_two_tokens_cannot_be_made(room_token: str, stage_token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        Access(
            lambda *_: None,  # type: ignore[arg-type,return-value]
            hosts=None,
            room_token=room_token,
            stage_token=stage_token,
            knows=lambda _: None,
        )

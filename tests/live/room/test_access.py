"""Who may talk to the control room."""

import contextlib
import http.client

import pytest

from live.room.access import Access, is_loopback, new_token
from live.room.room import Room
from tests.live.room.fake_director import FakeDirector
from tests.live.room.visitor import PATIENCE_S, get, open_socket

PLACES = ("", "stage", "page/room.js", "poster/knight", "figure.json", "nothing")


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
    port = int(room.url.rstrip("/").rpartition(":")[2])
    for name, ours in (("Host", f"127.0.0.1:{port}"), ("Origin", f"http://127.0.0.1:{port}")):
        asked = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        asked.putrequest("GET", "/state", skip_host=name == "Host")
        for header, value in (*HANDSHAKE.items(), (name, ours), (name, "http://rebound.example")):
            asked.putheader(header, value)
        asked.endheaders()
        with contextlib.closing(asked):
            assert asked.getresponse().status in (400, 403)  # 400: by the server's own reading of HTTP


@pytest.mark.parametrize("place", PLACES)
def test_a_foreign_origin_gets_403_everywhere(room: Room, place: str) -> None:
    for origin in ("http://evil.example", "null", room.url.rstrip("/").replace("http:", "https:")):
        assert get(room.url + place, Origin=origin)[0] == 403


@pytest.mark.parametrize("path", ["state", "pictures/puppet", "pictures/camera", "nothing"])
def test_a_foreign_origin_gets_no_socket(room: Room, director: FakeDirector, path: str) -> None:
    assert refused(room.url, path, Origin="http://evil.example")
    assert refused(room.url, path, Host="rebound.example")
    assert director.asked == []


def test_the_page_itself_is_let_in_under_each_of_our_names(room: Room) -> None:
    port = room.url.rstrip("/").rpartition(":")[2]
    for name in ("127.0.0.1", "localhost", "LOCALHOST"):
        assert get(room.url, Host=f"{name}:{port}", Origin=f"http://{name}:{port}")[0] == 200
    with open_socket(room.url, "state", Origin=room.url.rstrip("/")) as page:
        assert page.recv(PATIENCE_S)


def test_an_open_address_needs_the_token_on_everything(director: FakeDirector) -> None:
    room = Room(director, host="0.0.0.0", port=0, say=print)
    room.start()
    try:
        port = room.url.split(":")[2].split("/")[0]
        here, token = f"http://127.0.0.1:{port}", room.url.rstrip("/").rpartition("/")[2]
        assert len(token) >= 20
        for place in PLACES:
            assert get(f"{here}/{place}")[0] == 403
            assert get(f"{here}/{new_token()}/{place}")[0] == 403
        assert get(f"{here}/{token}/")[0] == 200
        assert get(f"{here}/{token}/stage")[0] == 200
        assert get(f"{here}/{token}/", Origin="http://evil.example")[0] == 403
        assert refused(f"{here}/", "state") and refused(f"{here}/{new_token()}/", "state")
        with open_socket(f"{here}/{token}/", "state") as page:
            assert page.recv(PATIENCE_S)
    finally:
        room.close()


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
def test_only_this_machines_own_addresses_need_no_token(host: str, local: bool) -> None:
    assert is_loopback(host) == local


def test_an_open_address_without_a_token_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="token"):
        Access(lambda *_: None, hosts=None, token="", knows=lambda _: None)  # type: ignore[arg-type,return-value]

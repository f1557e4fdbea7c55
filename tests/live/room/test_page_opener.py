"""The page is opened without its secret in a command line."""

import queue
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import pytest

from live.room.page_opener import PageOpener
from tests.live.room.visitor import PATIENCE_S

URL = "http://127.0.0.1:8137/secret/"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator["queue.Queue[str]"]:
    """What the browser was told to open."""
    addresses: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr("webbrowser.open", addresses.put)
    monkeypatch.setenv("HOME", str(tmp_path))
    return addresses


def test_the_browser_gets_a_file_of_the_users_alone_that_leads_to_the_page(
    opened: "queue.Queue[str]", said: list[str]
) -> None:
    opener = PageOpener(said.append)
    opener.open(URL)
    address = opened.get(timeout=PATIENCE_S)
    file = Path(url2pathname(urlsplit(address).path))
    assert address.startswith("file://") and "secret" not in address
    assert f"url={URL}" in file.read_text() and (sys.platform == "win32" or file.stat().st_mode & 0o777 == 0o600)
    opener.close()
    assert not file.exists() and said == []


def test_on_linux_it_lies_where_every_browser_can_read_it(
    opened: "queue.Queue[str]", said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    opener = PageOpener(said.append)
    opener.open(URL)
    file = Path(urlsplit(opened.get(timeout=PATIENCE_S)).path)
    assert file.parent == tmp_path and not file.name.startswith(".")
    opener.close()
    opener.close()
    assert list(tmp_path.iterdir()) == []


def test_without_a_place_for_the_file_the_address_is_to_be_opened_by_hand(
    opened: "queue.Queue[str]", said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkstemp", full)
    opener = PageOpener(said.append)
    opener.open(URL)
    opener.close()
    assert opened.empty() and len(said) == 1 and "open the printed address" in said[0]

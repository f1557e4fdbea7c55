"""A real browser: Debian's Chromium, driven by Playwright. Every page is watched for errors and outside requests."""

import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from live.room.room import Room
from tests.browser.looking import PATIENCE_S
from tests.live.room.fake_director import FakeDirector

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
OpenPage = Callable[..., Any]
FPS = 10.0  # of the fake director: enough to see that pictures move, and half of what a page would ask for


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the browser."""
    for item in items:
        if "tests/browser/" in item.nodeid:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; skips where there is none."""
    sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: pip install playwright")
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt install chromium")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Any) -> Iterator[OpenPage]:
    """Opens a page at a URL, in a window of its own; the options are those of Playwright's `new_context`."""
    contexts, wrong = [], []

    def open_(url: str, **options: Any) -> Any:
        context = chromium.new_context(**{"viewport": {"width": 1366, "height": 768}, **options})
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(1000 * PATIENCE_S)
        own = urlsplit(url).netloc
        page.on("console", lambda line: wrong.append(line.text) if _is_wrong(line) else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda request: wrong.append(request.url) if urlsplit(request.url).netloc != own else None)
        page.on("websocket", lambda socket: wrong.append(socket.url) if urlsplit(socket.url).netloc != own else None)
        page.goto(url)
        return page

    yield open_
    for context in contexts:
        context.close()
    assert wrong == []


def _is_wrong(line: Any) -> bool:
    """Whether the console tells of a fault; not that a test has ended the server under the page."""
    return line.type in ("error", "warning") and "ERR_CONNECTION_REFUSED" not in line.text


@pytest.fixture
def director() -> Iterator[FakeDirector]:
    fake = FakeDirector(fps=FPS)
    yield fake
    fake.close()


@pytest.fixture
def room(director: FakeDirector) -> Iterator[Room]:
    """A room whose pictures move."""
    said: list[str] = []
    opened = Room(director, port=0, say=said.append)
    opened.start()
    director.start(opened.sink.send)
    yield opened
    opened.close()
    assert said == []

"""/stage in a real browser: the puppet and nothing else."""

import cv2
import numpy as np

from live.room.room import Room
from tests.browser.conftest import OpenPage
from tests.browser.looking import alpha, becomes_see_through, changes
from tests.live.room.fake_director import PUPPET_COLOUR, SIDE, FakeDirector
from tests.live.room.visitor import port_of


def test_there_is_nothing_outside_the_matte(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.stage_url)
    changes(page, "#stage")
    seen = alpha(page, "#stage")
    wanted = int(np.count_nonzero(director.picture(0).matte))
    assert abs(seen["inside"] - wanted) < 0.02 * wanted and seen["width"] == SIDE
    assert tuple(seen["colour"]) == PUPPET_COLOUR


def test_the_page_is_see_through_and_as_large_as_its_window(room: Room, open_page: OpenPage) -> None:
    page = open_page(room.stage_url, viewport={"width": 640, "height": 360})
    changes(page, "#stage")
    shot = page.screenshot(omit_background=True)
    rgba = cv2.imdecode(np.frombuffer(shot, np.uint8), cv2.IMREAD_UNCHANGED)
    assert rgba.shape == (360, 640, 4)
    assert 0 < (rgba[:, :, 3] > 0).mean() < 0.2
    assert page.evaluate("document.body.innerText") == ""


def test_hidden_is_see_through(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.stage_url)
    changes(page, "#stage")
    director.hide(True)
    becomes_see_through(page, "#stage")


def test_it_comes_back_by_itself_and_is_see_through_until_then(director: FakeDirector, chromium) -> None:  # type: ignore[no-untyped-def]
    first = Room(director, port=0, say=print)
    rooms = [first]
    first.start()
    director.start(lambda frame, tick: rooms[-1].sink.send(frame, tick))
    context = chromium.new_context()
    page = context.new_page()
    page.goto(first.stage_url)
    changes(page, "#stage")
    first.close()
    becomes_see_through(page, "#stage")
    rooms.append(Room(director, port=port_of(first.url), say=print, stage_token=first.stage_token))
    rooms[-1].start()
    changes(page, "#stage")
    context.close()
    rooms[-1].close()

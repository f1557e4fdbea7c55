"""The wizard as the page shows it, for each thing that a wizard can say."""

from dataclasses import replace

import pytest

from live.room.room import Room
from tests.browser.conftest import OpenPage
from tests.browser.looking import changes, connected
from tests.live.room.fake_director import STEPS, FakeDirector, scripted_wizard


def test_every_step_of_the_coach_is_shown(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    page.click("#calibrate")
    page.wait_for_selector("#wizard-hint:has-text('too dark')")
    for view in scripted_wizard()[:-1]:
        page.wait_for_selector(f"#wizard-title:has-text('{view.title}')")
        assert page.inner_text("#wizard-place") == f"Step {view.index + 1} of {len(STEPS)}"
        assert director.say_next()
    page.wait_for_selector("#wizard-score:has-text('me, webcam')")
    assert "3 px" in page.inner_text("#wizard-text")
    assert page.get_attribute("#wizard-meter", "aria-valuenow") == "100"
    changes(page, "#wizard-puppet")
    page.click("#wizard-close")
    page.wait_for_selector("#wizard", state="hidden")
    assert ("calibrating", False) not in director.asked  # it was finished: nothing to cancel


def test_the_meter_the_countdown_and_the_figure_move(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    page.click("#calibrate")
    page.wait_for_selector("#wizard[open]")
    for count in ("3", "2", "1"):
        director.say_next()
        page.wait_for_function(f"() => document.getElementById('wizard-count').textContent === '{count}'")
    page.wait_for_function("() => document.getElementById('wizard-meter').getAttribute('aria-valuenow') === '80'")
    changes(page, "#wizard-figure")


@pytest.mark.parametrize("how", ["#wizard-close", "Escape"])
def test_it_can_be_stopped(room: Room, director: FakeDirector, open_page: OpenPage, how: str) -> None:
    page = open_page(room.url)
    connected(page)
    for _ in range(2):  # and begun again
        director.asked.clear()
        page.click("#calibrate")
        page.wait_for_selector("#wizard[open]")
        page.keyboard.press(how) if how == "Escape" else page.click(how)
        page.wait_for_selector("#wizard", state="hidden")
        page.wait_for_function("() => !document.getElementById('calibrate').disabled")
        assert ("calibrating", False) in director.asked and ("hidden", True) not in director.asked


def test_it_opens_by_itself_when_it_was_started_elsewhere(
    room: Room, director: FakeDirector, open_page: OpenPage
) -> None:
    page = open_page(room.url)
    connected(page)
    director.calibrate(True)
    page.wait_for_selector("#wizard[open]")
    assert page.evaluate("document.querySelector('[aria-live]').innerText.length > 0")


def test_the_text_can_be_read_from_three_metres(room: Room, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    page.click("#calibrate")
    page.wait_for_selector("#wizard-hint:has-text('too dark')")
    size = "(id) => parseFloat(getComputedStyle(document.getElementById(id)).fontSize)"
    assert page.evaluate(size, "wizard-title") >= 70  # 1366x768 on 14 inches: 0.227 mm a pixel, 16 mm
    assert page.evaluate(size, "wizard-text") >= 44
    assert page.evaluate("document.getElementById('wizard').scrollHeight <= innerHeight")


def test_an_old_result_is_not_shown_to_a_new_page(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    director.viewfinder.wizard = scripted_wizard()[-1]
    page = open_page(room.url)
    connected(page)
    assert page.is_hidden("#wizard")


def test_why_it_ended_is_said_before_it_closes(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    director.calibrate(True)
    page.wait_for_selector("#wizard[open]")
    why = "Nobody stood still for a second. Nothing was saved."
    director.end_calibration(replace(scripted_wizard()[0], title="Not calibrated", text=why, hint=why, cancelled=True))
    page.wait_for_selector("#wizard-text:has-text('Nothing was saved')")
    assert page.inner_text("#wizard-place") == "Stopped" and page.inner_text("#wizard-hint") == ""
    page.click("#wizard-close")
    page.wait_for_selector("#wizard", state="hidden")

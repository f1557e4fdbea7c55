"""The control room in a real browser, over the fake director."""

from typing import Any

from live.room.room import Room
from tests.browser.conftest import OpenPage
from tests.browser.looking import PATIENCE_S, changes, connected, settles, until
from tests.live.room.fake_director import FakeDirector

# As when another tab is brought to the front, which a browser without a window cannot do.
HIDDEN = """(hidden) => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def shows(page, script: str) -> None:  # type: ignore[no-untyped-def]
    page.wait_for_function(f"() => {script}")  # the page forbids eval


def asked(page, director: FakeDirector, wanted: tuple[object, ...]) -> None:  # type: ignore[no-untyped-def]
    """Waits until the director was asked for `wanted`."""
    until(page, lambda: wanted in director.asked, lambda: f"{wanted} is not in {director.asked}")


def test_the_page_moves_and_fits_its_window(room: Room, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    for width in (390, 1366):
        page.set_viewport_size({"width": width, "height": 768})
        for scheme in ("dark", "light"):
            page.emulate_media(color_scheme=scheme)
            changes(page, "#figure")
            shows(page, f"innerWidth === {width} && document.documentElement.scrollWidth <= innerWidth")


CONTROLS = [
    ("label:has([name=target][value=knight])", ("change", "target", "knight")),
    ("label:has([name=framing][value=auto])", ("change", "framing", "auto")),
    ("label:has([name=background][value=green])", ("change", "background", "green")),
    ("label:has([name=background][value=colour])", ("change", "background", "#2458d3")),
    ("#mirror", ("change", "mirror", False)),
    ("#face", ("change", "face", True)),
    ("#freeze", ("frozen", True)),
    ("#show-me", ("show_me", True)),
    ("#hide", ("hidden", True)),
    ("#calibrate", ("calibrating", True)),  # the last one: it covers the others
]


def test_every_control_has_its_effect(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    for control, wanted in CONTROLS:
        page.click(control)
        asked(page, director, wanted)


def test_lists_and_sliders_have_their_effect(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    page.select_option("#engine", "openvino")
    asked(page, director, ("change", "engine", "openvino"))
    shows(page, "[...document.querySelectorAll('#precision option')].some((one) => one.value === 'int8')")
    page.select_option("#precision", "int8")
    asked(page, director, ("change", "precision", "int8"))
    page.fill("#smoothing", "0.8")
    asked(page, director, ("change", "smoothing", 0.8))
    shows(page, "document.getElementById('smoothing-text').textContent === '80 %'")
    assert page.is_disabled("#engine option[value=tensorrt]")
    page.click("label:has([name=target][value=knight])")
    shows(page, "document.querySelector('[name=framing][value=half]').disabled")


def test_face_detail_is_off_limits_for_a_character_without_a_face_network(
    room: Room, director: FakeDirector, open_page: OpenPage
) -> None:
    page = open_page(room.url)
    connected(page)
    shows(page, "!document.getElementById('face').disabled")
    director.has_face = False
    shows(page, "document.getElementById('face').disabled")


def test_recording_starts_and_stops(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    page.click("#record")
    page.wait_for_selector("#badge-recording:visible")
    page.click("#record")
    asked(page, director, ("recording", None))
    page.wait_for_selector("#badge-recording", state="hidden")


KEYS = [
    (" ", ("frozen", True)),
    ("m", ("change", "mirror", False)),
    ("h", ("hidden", True)),
    ("Escape", ("hidden", True)),
]


def test_every_key_has_its_effect(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    for key, wanted in KEYS:
        director.asked.clear()
        page.keyboard.press(key)
        asked(page, director, wanted)


def test_a_panic_never_shows_the_performer_again(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    for key in ("h", "h", "h", "Escape", "Escape"):
        page.keyboard.press(key)
    page.wait_for_selector("#veil:has-text('You are hidden')")
    asked(page, director, ("hidden", True))
    assert ("hidden", False) not in director.asked
    page.click("#hide")
    asked(page, director, ("hidden", False))


def test_the_camera_picture_is_there_only_while_it_was_asked_for(
    room: Room, director: FakeDirector, open_page: OpenPage
) -> None:
    page = open_page(room.url)
    connected(page)
    assert ("show_me", True) not in director.asked and page.is_hidden("#camera")
    page.click("#show-me")
    page.wait_for_selector("#camera:visible")
    page.reload()
    asked(page, director, ("show_me", False))
    connected(page)
    assert page.is_hidden("#camera")
    page.click("#show-me")
    page.wait_for_selector("#camera:visible")
    page.keyboard.press("h")
    page.wait_for_selector("#camera", state="hidden")


def test_the_camera_picture_ends_with_the_look_at_the_page_and_does_not_come_back(
    room: Room, director: FakeDirector, open_page: OpenPage
) -> None:
    page = open_page(room.url)
    connected(page)
    page.click("#show-me")
    page.wait_for_selector("#camera:visible")
    page.evaluate(HIDDEN, True)
    asked(page, director, ("show_me", False))
    page.evaluate(HIDDEN, False)
    shows(page, "document.getElementById('show-me').textContent === 'Show me'")
    changes(page, "#figure")  # the page goes on
    assert page.is_hidden("#camera") and director.asked.count(("show_me", True)) == 1


def test_a_reload_keeps_what_was_chosen(room: Room, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    page.click("label:has([name=target][value=human])")
    page.click("#mirror")
    page.click("#freeze")
    shows(page, "document.getElementById('freeze').getAttribute('aria-pressed') === 'true'")
    page.reload()
    shows(page, "document.querySelector('[name=target][value=human]')?.checked")
    shows(page, "!document.getElementById('mirror').checked")
    shows(page, "document.getElementById('freeze').getAttribute('aria-pressed') === 'true'")


def test_problems_and_what_is_pending_are_said(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    assert page.is_hidden("#problem") and page.is_hidden("#pending")
    director.problem, director.pending = "the camera was unplugged", "opening knight …"
    page.wait_for_selector("#problem:has-text('unplugged')")
    page.wait_for_selector("#pending:has-text('knight')")


def test_a_recording_that_ended_by_itself_is_told(room: Room, director: FakeDirector, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    page.click("#record")
    page.wait_for_selector("#badge-recording:visible")
    director.stop_recording()
    director.problem = "the recording stopped: the disk is full; saved so far: puppet.mp4"
    page.wait_for_selector("#badge-recording", state="hidden")
    page.wait_for_selector("#problem:has-text('saved so far: puppet.mp4')")
    shows(page, "document.getElementById('record').getAttribute('aria-pressed') === 'false'")


def test_a_closed_puppet_is_told(room: Room, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    room.close()
    page.wait_for_selector("#veil:has-text('does not answer')")
    settles(page, "#puppet")


def test_the_obs_address_is_copied(room: Room, open_page: OpenPage) -> None:
    page = open_page(room.url, permissions=["clipboard-read", "clipboard-write"])
    connected(page)
    page.click("#copy")
    page.wait_for_selector("#copy:has-text('Copied')")
    assert page.evaluate("navigator.clipboard.readText()") == room.stage_url


def test_everything_is_reached_by_keyboard_and_has_a_name(room: Room, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    nameless = page.eval_on_selector_all(
        "button, input, select, canvas",
        """(all) => all.filter((one) => one.checkVisibility({visibilityProperty: true})).filter((one) =>
          !(one.getAttribute("aria-label") || one.labels?.[0]?.innerText.trim() || one.innerText?.trim())
        ).map((one) => one.outerHTML)""",
    )
    assert nameless == []
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.name"))
    assert {"copy", "freeze", "record", "calibrate", "hide", "show-me", "target", "framing", "background"} <= reached
    assert {"mirror", "face", "smoothing", "engine", "precision"} <= reached


def test_twenty_pages_at_once_all_move(chromium: Any) -> None:
    """Few pictures, and most of them stages: the browsers of twenty people do not share one processor, these do."""
    director = FakeDirector(fps=2)
    room = Room(director, port=0, say=print)
    room.start()
    director.start(room.sink.send)
    context = chromium.new_context(viewport={"width": 390, "height": 300})
    context.set_default_timeout(1000 * PATIENCE_S)
    shown = [(room.url, "#puppet")] * 4 + [(room.stage_url, "#stage")] * 16
    pages = [context.new_page() for _ in shown]
    for page, (url, _) in zip(pages, shown, strict=True):
        page.goto(url)
    for page, (_, canvas) in zip(pages, shown, strict=True):
        changes(page, canvas)
    context.close()
    director.close()
    room.close()


def test_a_frozen_picture_stands_still(room: Room, open_page: OpenPage) -> None:
    page = open_page(room.url)
    connected(page)
    page.click("#freeze")
    page.wait_for_selector("#badge-frozen:visible")
    settles(page, "#puppet")

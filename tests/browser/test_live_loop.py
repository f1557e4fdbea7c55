"""The control room over the real loop: the demo clip, MediaPipe, a real engine. What is pressed shows in its state."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser.conftest import OpenPage
from tests.browser.live_run import FastClock, LiveRun, live_run, reaches
from tests.browser.looking import alpha, becomes_see_through, changes, connected, until
from tests.live.room.visitor import open_socket

CORNER_IS_GREEN = """() => {
  const copy = new OffscreenCanvas(1, 1).getContext("2d");
  copy.drawImage(document.getElementById("puppet"), 0, 0);
  const [red, green, blue] = copy.getImageData(0, 0, 1, 1).data;
  return green > 120 && red < 90 && blue < 90;
}"""


@pytest.fixture(scope="module")
def run(chromium: Any) -> Iterator[LiveRun]:
    """One run for all tests of this file; each leaves it as it found it. Slow, so that the browser has room."""
    with live_run(engine="openvino", clock=FastClock(0.3)) as running:
        yield running


def test_the_puppet_and_the_figure_move(run: LiveRun, open_page: OpenPage) -> None:
    page = open_page(run.room.url)
    connected(page)
    changes(page, "#figure")
    page.wait_for_selector("#badge-person:has-text('In view')")
    assert float(page.inner_text("#fps")) > 0


def test_settings_take_effect(run: LiveRun, open_page: OpenPage) -> None:
    page = open_page(run.room.url)
    connected(page)
    page.click("#mirror")
    reaches(page, run, lambda state: state["mirror"] is True)
    page.fill("#smoothing", "0.9")
    reaches(page, run, lambda state: state["smoothing"] == 0.9)
    page.click("label:has([name=framing][value=half])")
    reaches(page, run, lambda state: state["framing"] == "half" and not state["pending"])
    page.click("label:has([name=framing][value=full])")
    reaches(page, run, lambda state: state["framing"] == "full" and not state["pending"])
    page.click("label:has([name=background][value=green])")
    reaches(page, run, lambda state: state["background"] == "green" and not state["pending"])
    page.wait_for_function(CORNER_IS_GREEN, polling=100)
    page.click("label:has([name=background][value=plate])")
    page.click("#mirror")
    reaches(page, run, lambda state: state["background"] == "plate" and not state["mirror"])


def test_another_character_and_engine_are_opened_while_it_runs(run: LiveRun, open_page: OpenPage) -> None:
    page = open_page(run.room.url)
    connected(page)
    page.select_option("#engine", "onnxruntime")
    reaches(page, run, lambda state: "onnxruntime" in str(state["engine_text"]).lower())
    page.click("label:has([name=target][value=human])")
    reaches(page, run, lambda state: state["target"] == "human" and not state["pending"])
    page.wait_for_selector("#face:checked")
    page.click("#face")
    reaches(page, run, lambda state: state["face"] is False)
    page.select_option("#engine", "openvino")
    page.click("label:has([name=target][value=fortnite])")
    reaches(page, run, lambda state: state["target"] == "fortnite" and not state["pending"])
    assert run.director.state().problem == ""


def test_freeze_hide_show_me_and_recording_take_effect(
    run: LiveRun, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = open_page(run.room.url)
    connected(page)
    for control, flag in (("#freeze", "frozen"), ("#hide", "hidden")):
        for on in (True, False):
            page.click(control)
            reaches(page, run, lambda state, flag=flag, on=on: state[flag] is on)  # type: ignore[misc]
    page.click("#show-me")
    page.wait_for_selector("#camera:visible")
    page.keyboard.press("h")
    reaches(page, run, lambda state: state["hidden"] and not state["show_me"])
    page.click("#hide")
    page.click("#record")
    reaches(page, run, lambda state: state["recording"] is not None)
    page.wait_for_timeout(1000)
    page.click("#record")
    reaches(page, run, lambda state: state["recording"] is None)
    assert [path.suffix for path in tmp_path.iterdir()] == [".mp4"]


def test_the_stage_shows_the_puppet_alone(run: LiveRun, open_page: OpenPage) -> None:
    page = open_page(run.room.stage_url)
    changes(page, "#stage")
    seen = alpha(page, "#stage")
    assert seen["inside"] > 2000 and seen["outside"] > seen["inside"]
    run.director.hide(True)
    becomes_see_through(page, "#stage")
    run.director.hide(False)
    changes(page, "#stage")


def test_pages_that_stop_reading_do_not_hold_the_loop_up(run: LiveRun, open_page: OpenPage) -> None:
    with contextlib.ExitStack() as stack:
        for feed in ("puppet", "stage", "figure"):
            for _ in range(5):
                stack.enter_context(open_socket(run.room.url, f"pictures/{feed}")).send("1")
        page = open_page(run.room.stage_url)
        before = run.report.generated.count
        until(page, lambda: run.report.generated.count > before + 20, lambda: run.report.generated.count)

"""What the tests see on a page."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE_S = 180.0  # a busy machine draws pages slowly; what comes at once is not waited for

# Read from a small copy: the canvas itself stays where the browser draws it.
_SMALL = """(canvas) => {
  const small = new OffscreenCanvas(48, 48).getContext("2d", {willReadFrequently: true});
  small.drawImage(canvas, 0, 0, 48, 48);
  return small.getImageData(0, 0, 48, 48).data.join();
}"""
_ALPHA = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d", {willReadFrequently: true});
  copy.drawImage(canvas, 0, 0);
  const {data} = copy.getImageData(0, 0, canvas.width, canvas.height);
  let inside = 0, outside = 0, colour = null;
  for (let i = 3; i < data.length; i += 4) {
    if (!data[i]) { outside++; continue; }
    inside++;
    if (data[i] === 255) colour = [...data.slice(i - 3, i)];
  }
  return {inside, outside, colour, width: canvas.width, height: canvas.height};
}"""
_POLL_MS, _WAIT_MS = 100, 25
_STILL, _PATIENT = 8, 600  # looks that must see the same picture; looks in all


def until(page: Any, holds: Callable[[], bool], told: Callable[[], object]) -> None:
    """Waits, while the page goes on, until `holds`; `told` is said when that takes too long."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, told()
        page.wait_for_timeout(_WAIT_MS)


def picture(page: Any, canvas: str) -> str:
    """What `canvas` shows now, as text that differs when it differs."""
    return str(page.eval_on_selector(canvas, _SMALL))


def changes(page: Any, canvas: str) -> None:
    """Waits until `canvas` shows another picture than now."""
    before = picture(page, canvas)
    page.wait_for_function(
        f"([canvas, before]) => ({_SMALL})(document.querySelector(canvas)) !== before",
        arg=[canvas, before],
        polling=_POLL_MS,
    )


def settles(page: Any, canvas: str) -> None:
    """Waits until `canvas` shows the same picture for a while: what was on its way has come, and nothing follows."""
    before, still = "", 0
    for _ in range(_PATIENT):
        now = picture(page, canvas)
        still = still + 1 if now == before else 0
        if still == _STILL:
            return
        before = now
        page.wait_for_timeout(_POLL_MS)
    raise AssertionError(f"{canvas} goes on changing")


def becomes_see_through(page: Any, canvas: str) -> None:
    """Waits until nothing at all is drawn on `canvas`."""
    page.wait_for_function(
        f"(canvas) => ({_ALPHA})(document.querySelector(canvas)).inside === 0", arg=canvas, polling=_POLL_MS
    )


def alpha(page: Any, canvas: str) -> dict[str, Any]:
    """How many pixels of `canvas` are `inside` the puppet and how many `outside`, a `colour` of it, its size."""
    found: dict[str, Any] = page.eval_on_selector(canvas, _ALPHA)
    return found


def connected(page: Any) -> None:
    """Waits until the page knows the state and shows a picture."""
    page.wait_for_function("() => document.getElementById('link').textContent === 'Connected'")
    page.wait_for_selector("#targets img")
    changes(page, "#puppet")

"""The screen: whether the page can open in a browser by itself, and whether a window can open."""

from live.cli.defaults import has_desktop
from live.doctor.finding import Finding
from live.sinks.window import has_screen


def findings() -> list[Finding]:
    """See `examine_screen`."""
    return [examine_screen(desktop=has_desktop(), window=has_screen())]


def examine_screen(*, desktop: bool, window: bool) -> Finding:
    """desktop: there is a screen. window: a window can be opened on it."""
    if not desktop:
        return Finding(
            "absent", "no screen: the page does not open by itself", "use --sink FILE.mp4, or --sink browser"
        )
    if not window:
        return Finding("warning", "no window can be opened; the page can", "use --sink browser, not --sink window")
    return Finding("ok", "the page opens in your browser, and a window can be opened")

"""What was not typed: what this machine has."""

from live.cli import defaults as resolve


def test_a_screen_is_known_by_its_display_and_never_in_ci() -> None:
    assert not resolve.has_desktop({}, "linux")
    assert resolve.has_desktop({"DISPLAY": ":0"}, "linux") and resolve.has_desktop({"WAYLAND_DISPLAY": "w"}, "linux")
    assert resolve.has_desktop({}, "win32") and resolve.has_desktop({}, "darwin")
    assert not resolve.has_desktop({"CI": "true", "DISPLAY": ":0"}, "linux")

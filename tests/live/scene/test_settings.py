"""Settings: what may be wished for, and what smoothing does to the filter alone."""

from dataclasses import fields

import pytest

from live.puppet.fingerprint import fingerprint
from live.scene.settings import CHANGEABLE, SceneSettings, SettingsError, checked, steadied
from tests.live.tiny_target import CONFIG


def test_everything_changeable_is_a_field_of_the_settings() -> None:
    assert set(CHANGEABLE) | {"performer"} == {field.name for field in fields(SceneSettings)}


def test_smoothing_scales_the_cutoffs_and_nothing_else() -> None:
    assert steadied(CONFIG, 0.5) is CONFIG
    for smoothing, factor in ((0.0, 4.0), (0.25, 2.0), (1.0, 0.25)):
        changed = steadied(CONFIG, smoothing)
        for field in fields(CONFIG):
            before, after = getattr(CONFIG, field.name), getattr(changed, field.name)
            scaled = field.name in ("smooth_min_cutoff_hz", "smooth_beta", "detail_min_cutoff_hz", "detail_beta")
            assert after == (pytest.approx(before * factor) if scaled else before)
    assert fingerprint(steadied(CONFIG, 1.0)) != fingerprint(CONFIG), "so the check has to look at the bundle's own"


@pytest.mark.parametrize(
    ("name", "value"), [("framing", "auto"), ("background", "#0f0f0F"), ("mirror", False), ("target", "knight")]
)
def test_a_good_value_is_given_back(name: str, value: object) -> None:
    assert checked(name, value) == value


def test_a_whole_number_is_a_smoothing_too() -> None:
    assert isinstance(checked("smoothing", 1), float)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smoothing", True),
        ("smoothing", float("nan")),
        ("background", "#12"),
        ("background", "x" * 999),
        ("background", "a\0b"),
        ("background", "\ud800"),
        ("mirror", 1),
        ("engine", ""),
        ("x", 1),
    ],
)
def test_a_bad_value_is_refused_with_what_is_wanted(name: str, value: object) -> None:
    with pytest.raises(SettingsError, match="wanted"):
        checked(name, value)

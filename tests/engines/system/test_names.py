import pytest

from engines.system.names import LONGEST, name_error


@pytest.mark.parametrize("name", ["me", "Grüße 猫 😀", "two words", "a.b", "me.run", "-x", "x" * LONGEST, "console"])
def test_a_name_may_have_spaces_and_any_script(name: str) -> None:
    assert name_error(name) is None


@pytest.mark.parametrize(
    "name",
    [
        *("", " ", "\t", ".", "..", "../x", "a/b", "/etc", "a\\b", "C:x", "C:\\x", ".hidden", "x.", "x ", " x"),
        *("a\0b", "a\nb", "a\x7fb", "a\u2028b", "\udcff", "con", "NUL", "com1.txt", "lpt³", "what?", "a*b", "<x>"),
        *("x" * (LONGEST + 1), "猫" * (LONGEST // 3 + 1)),
    ],
)
def test_what_is_no_name_on_some_system_is_told(name: str) -> None:
    assert name_error(name)

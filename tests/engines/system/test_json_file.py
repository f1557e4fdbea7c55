"""What `parse_json` gives can be compared, summed, printed and written again."""

import os
from pathlib import Path

import pytest

from engines.system.json_file import parse_json, read_json


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[NaN]", "not a number"),
        ("[-Infinity]", "not a number"),
        ("1e999", "out of range"),
        ("9" * 5000, "5000 digits"),
        ("[" * 100_000, "too deep"),
        ("[" * 40 + "]" * 40, "deeper than 32"),
        ('{"a": ' * 40 + "1" + "}" * 40, "deeper than 32"),
        ('"\\ud800"', "surrogates"),
        ('{"\\udfff": 1}', "surrogates"),
        (b"\xff{}", "codec"),
        ("{", "property name"),
    ],
)
def test_what_would_fail_later_is_refused_at_once(text: str | bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse_json(text)


def test_plain_values_come_as_they_are_with_a_byte_order_mark_too() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": [1, 2.5, -0.0, null, true, "\xc3\xa4"]}') == {
        "a": [1, 2.5, -0.0, None, True, "ä"]
    }
    assert parse_json(str(2**127)) == 2**127, "a random generator's state"


def test_a_file_is_read_up_to_its_largest_size_and_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("[1]  ")
    assert read_json(tmp_path / "a.json", largest=5) == [1]
    with pytest.raises(ValueError, match="larger than 4 bytes"):
        read_json(tmp_path / "a.json", largest=4)
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(OSError, match="not a file"):
        read_json(tmp_path / "pipe.json")

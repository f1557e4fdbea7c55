import io
from pathlib import Path

import pytest

from engines.bundle import write_manifest
from tests.engines.tiny_bundle import manifest, write_bundle
from train.consent import film_of


class Terminal(io.StringIO):
    """A stream that somebody sits at."""

    def isatty(self) -> bool:
        return True


def test_a_flag_is_taken_and_nobody_is_asked(tmp_path: Path) -> None:
    out = Terminal()
    assert film_of("agreed", tmp_path, Terminal("me\n"), out) == "agreed"
    assert out.getvalue() == ""


def test_a_terminal_is_asked_until_the_answer_is_one_of_the_three(tmp_path: Path) -> None:
    out = Terminal()
    assert film_of(None, tmp_path, Terminal("why?\nMe\n"), out) == "me"
    assert "consent" in out.getvalue() and out.getvalue().count("me / agreed / character?") == 2


@pytest.mark.parametrize("stdin", [None, io.StringIO("me\n"), Terminal("")])
def test_without_an_answer_nothing_is_stated_and_that_is_said(tmp_path: Path, stdin: io.StringIO | None) -> None:
    out = Terminal()
    assert film_of(None, tmp_path, stdin, out) == ""
    assert "nobody said whose film this is" in out.getvalue() and "--film-of me|agreed|character" in out.getvalue()


def test_whoever_makes_the_puppet_anew_is_not_asked_again(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "tiny")
    write_manifest(folder, manifest() | {"consent": "character"})
    out = Terminal()
    assert film_of(None, folder, Terminal("me\n"), out) == "character"
    assert out.getvalue() == ""

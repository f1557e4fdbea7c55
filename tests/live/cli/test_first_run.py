"""Without --target: what there is, and which one is meant."""

import io
from pathlib import Path

import pytest

from engines import bundle
from live.cli import first_run
from live.cli.first_run import choose_target, last_target, listing, offered_targets, remember_target


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was shown last is kept here, and nothing is at first."""
    path = tmp_path / "settings" / "last_target"
    monkeypatch.setattr(first_run, "_memory", lambda: path)
    return path


def chosen(typed: str, *, page: bool = False, busy: bool = False) -> tuple[str | None, str]:
    """What is chosen when somebody at a terminal types these lines, and what they were shown."""
    out, said = Terminal(), list[str]()
    name = choose_target(page=page, busy=busy, stdin=Terminal(typed), out=out, say=said.append)
    return name, out.getvalue() + "".join(said)


def test_every_shipped_target_is_listed_with_title_licence_and_picture() -> None:
    text = listing(offered_targets())
    for name in ("fortnite", "human", "knight"):
        assert name in text
    assert "poster.jpg" in text and "CC0" in text


def test_at_a_terminal_a_number_a_name_or_enter_picks_one() -> None:
    assert chosen("2\n")[0] == "human"
    assert chosen("knight\n")[0] == "knight"
    assert chosen("\n")[0] == "fortnite"


def test_a_wrong_answer_is_asked_again_but_not_for_ever() -> None:
    name, shown = chosen("99\nknight\n")
    assert name == "knight" and "not in the list: 99" in shown
    assert chosen("x\n" * 10)[0] is None


def test_without_a_terminal_the_list_is_all_there_is() -> None:
    out = io.StringIO()
    assert choose_target(page=False, busy=False, stdin=io.StringIO(), out=out, say=print) is None
    assert "start one:" in out.getvalue()


@pytest.mark.parametrize("page, busy", [(True, False), (False, True)])
def test_who_wants_pictures_is_not_asked(page: bool, busy: bool) -> None:
    name, shown = chosen("knight\n", page=page, busy=busy)
    assert name == "fortnite" and "also installed: human, knight" in shown


def test_it_begins_with_the_one_of_last_time(memory: Path) -> None:
    assert last_target() is None
    remember_target("knight")
    assert chosen("\n")[0] == "knight"
    remember_target("a folder of mine")
    assert last_target() == "knight"
    memory.write_text("gone\n")
    assert last_target() is None


def test_a_damaged_target_is_listed_with_its_reason_and_not_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "fortnite").mkdir()
    (tmp_path / "fortnite" / "manifest.json").write_text("{")
    monkeypatch.setattr(bundle, "user_targets", lambda: tmp_path)
    assert "cannot be used" in listing(offered_targets())
    assert chosen("", page=True)[0] == "human"

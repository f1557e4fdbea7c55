"""Targets by name or by folder: the shipped ones and the user's own."""

import json
from pathlib import Path

import pytest

from engines import bundle
from engines.bundle import find_target, find_targets
from engines.errors import BundleError
from engines.system.whole_folder import MARKER, PROGRAM


def make_targets(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).mkdir(parents=True)
        (root / name / "manifest.json").write_text("{}")
    return root


def test_targets_are_found_by_name_and_the_user_s_own_counts(tmp_path: Path) -> None:
    shipped = make_targets(tmp_path / "shipped", "fortnite", "knight")
    own = make_targets(tmp_path / "own", "knight", "aunt")
    (own / "empty").mkdir()
    found = find_targets([shipped, own, tmp_path / "absent"])
    assert found == {"aunt": own / "aunt", "fortnite": shipped / "fortnite", "knight": own / "knight"}
    assert list(found) == sorted(found)


def test_the_shipped_and_the_user_s_folder_are_looked_into(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "SHIPPED", make_targets(tmp_path / "shipped", "fortnite"))
    monkeypatch.setattr(bundle, "user_targets", lambda: make_targets(tmp_path / "own", "aunt"))
    assert list(find_targets()) == ["aunt", "fortnite"]
    assert bundle.SHIPPED.name == "shipped"


def test_the_user_s_folder_is_the_platform_s() -> None:
    assert bundle.user_targets().parts[-2:] == ("everybody-dance-live", "targets")


def test_a_target_is_given_by_name_or_by_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = make_targets(tmp_path / "shipped", "fortnite")
    mine = make_targets(tmp_path / "here", "fortnite", "other")
    monkeypatch.chdir(mine)
    assert find_target("fortnite", [shipped]) == shipped / "fortnite"
    assert find_target("./fortnite", [shipped]) == Path("fortnite")
    assert find_target(mine / "fortnite", [shipped]) == mine / "fortnite"
    assert find_target("other", [shipped]) == Path("other")


@pytest.mark.parametrize(("asked", "near"), [("fortnight", "fortnite"), ("FORTNITE", "fortnite"), ("knigt", "knight")])
def test_an_unknown_target_lists_what_there_is_and_the_nearest(tmp_path: Path, asked: str, near: str) -> None:
    shipped = make_targets(tmp_path / "shipped", "fortnite", "knight")
    with pytest.raises(BundleError) as raised:
        find_target(asked, [shipped])
    wanted = "a folder, or one of: fortnite, knight"
    assert (
        str(raised.value) == f"there is no such target; got: {asked}; wanted: {wanted}; do this: did you mean {near}?"
    )


@pytest.mark.parametrize("asked", ["", "zzzz", "no/such/folder", "a\0b"])
def test_an_unknown_target_like_no_other_is_refused_too(tmp_path: Path, asked: str) -> None:
    with pytest.raises(BundleError, match="no target is installed"):
        find_target(asked, [tmp_path / "absent"])


def test_a_hidden_folder_is_no_target(tmp_path: Path) -> None:
    assert list(find_targets([make_targets(tmp_path, ".me-old", "me")])) == ["me"]


def test_a_target_whose_export_was_killed_between_its_two_renames_is_there_again(tmp_path: Path) -> None:
    for name in ("me", "you"):
        left = tmp_path / f".edl-{name}.part"
        make_targets(left, "old")
        (left / MARKER).write_text(json.dumps({"program": PROGRAM, "kind": "unfinished folder", "name": name}))
    assert find_target(tmp_path / "me") == tmp_path / "me"
    assert list(find_targets([tmp_path])) == ["me", "you"] and not list(tmp_path.glob(".*"))

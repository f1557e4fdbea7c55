"""No name in a manifest, and no link in the folder, reaches a file outside the bundle."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.bundle import file_inside, open_bundle, sha256_of
from engines.errors import BundleError
from tests.engines.tiny_bundle import refused, rewrite

WAYS_OUT = ("../secret", "a/../../secret", "/etc/hostname", "..", "", ".", "C:\\x", "\\\\host\\x", "..\\secret", "a\0b")


@pytest.mark.parametrize("name", WAYS_OUT)
@pytest.mark.parametrize("key", ["atlas", "plate", "generator", "files"])
def test_a_path_that_leads_out_is_refused(folder: Path, name: str, key: str) -> None:
    (folder.parent / "secret").write_text("mine")

    def change(m: dict[str, Any]) -> None:
        m["files"][name] = sha256_of(folder.parent / "secret")
        if key == "atlas":
            m["atlas"] = name
        elif key == "plate":
            m["takes"]["full"]["plate"] = name
        elif key == "generator":
            m["generators"]["lite"]["file"] = name

    rewrite(folder, change)
    assert re.match(
        "the manifest names (a file outside|something that is not a file)|the target lacks", refused(folder)
    )


def test_a_link_that_leads_out_is_refused_and_one_inside_is_not(folder: Path) -> None:
    content = (folder / "atlas.npz").read_bytes()
    (folder.parent / "secret").write_bytes(content)
    (folder / "atlas.npz").unlink()
    (folder / "atlas.npz").symlink_to(folder.parent / "secret")
    assert "a link leads out of the target" in refused(folder)
    (folder / "atlas.npz").unlink()
    (folder / "kept").write_bytes(content)
    (folder / "atlas.npz").symlink_to("kept")
    assert open_bundle(folder).atlas.read_bytes() == content


def test_a_folder_or_a_loop_of_links_in_place_of_a_file_is_refused(folder: Path) -> None:
    (folder / "atlas.npz").unlink()
    (folder / "atlas.npz").symlink_to("atlas.npz")
    assert "the target lacks a file" in refused(folder)
    (folder / "atlas.npz").unlink()
    (folder / "atlas.npz").mkdir()
    assert "not a file" in refused(folder)


PIECES = st.sampled_from(["..", ".", "/", "\\", "inner", "file", "link", "C:", "\0", "~", "secret", "%2e%2e", "é"])


@given(name=st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=6).map("/".join), st.lists(PIECES).map("".join)))
def test_no_name_whatever_reaches_a_file_outside(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    top = tmp_path_factory.getbasetemp() / "climb"
    inside = top / "target"
    if not top.exists():
        (inside / "inner").mkdir(parents=True)
        for path in (top / "secret", top / "file", inside / "file", inside / "inner" / "file"):
            path.write_text("x")
        (inside / "link").symlink_to(top)
    try:
        found = file_inside(inside, name)
    except BundleError:
        return
    assert found in {inside / "file", inside / "inner" / "file"}

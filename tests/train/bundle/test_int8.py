"""The int8 versions of an exported bundle are made in a child process; without them the bundle is whole, too."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from engines.bundle import open_bundle, write_manifest
from tests.engines.tiny_bundle import manifest, write_bundle
from train.bundle.int8 import add_int8


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "tiny")


def test_our_own_command_is_run_on_the_bundle(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: Any) -> Any:
        asked.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    add_int8(bundle)
    assert asked[0][:6] == [sys.executable, "-m", "engines", "quantize", "--target", str(bundle)]


def test_a_child_that_fails_leaves_the_bundle_as_it_was_and_the_advice_is_told(
    bundle: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = (bundle / "manifest.json").read_bytes()
    add_int8(bundle)  # its network is not one
    told = capfd.readouterr()
    assert "is not a network that this version can run" in told.err
    assert f"to try again: python -m engines quantize --target {bundle}" in told.out
    assert (bundle / "manifest.json").read_bytes() == before and open_bundle(bundle).generator("lite").int8 is None


def test_a_bare_doll_has_nothing_to_quantize(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_manifest(bundle, manifest() | {"generators": {}})
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("a child was started"))
    add_int8(bundle)

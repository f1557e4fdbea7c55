"""A tiny bundle: its manifest, the names of its files, and what is done to it in tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engines.bundle import open_bundle, write_manifest
from engines.errors import BundleError
from tests.engines.tiny_model import tiny_spec

FILES = ("plate_full.jpg", "generator.lite.onnx", "atlas.npz", "idle.npz", "poster.jpg")


def manifest() -> dict[str, Any]:
    """A manifest with every key of docs/architecture.md, without "files"."""
    spec = tiny_spec()
    return {
        "format": 1,
        "name": "tiny",
        "title": "Tiny",
        "licence": "MIT",
        "canvas": [32, 32],
        "fps": 30.0,
        "estimator": "none/openpose137",
        "puppet": {"canvas": [32, 32]},
        "fingerprint": "f" * 64,
        "takes": {"full": {"plate": "plate_full.jpg", "stats": {"torso_px": 9.0}}},
        "generators": {
            "lite": {
                "file": "generator.lite.onnx",
                "inputs": {t.name: list(t.shape) for t in spec.inputs},
                "outputs": {t.name: list(t.shape) for t in spec.outputs},
                "state": dict(spec.state),
            }
        },
        "atlas": "atlas.npz",
        "idle": "idle.npz",
        "poster": "poster.jpg",
        "tools": {"torch": "2.13"},
        "training": {"steps": 0},
    }


def write_bundle(folder: Path, content: bytes | None = None) -> Path:
    """Makes `folder`, a bundle each of whose files holds `content`, or by default its own name."""
    folder.mkdir()
    for name in FILES:
        (folder / name).write_bytes(name.encode() if content is None else content)
    write_manifest(folder, manifest())
    return folder


def rewrite(folder: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Changes manifest.json behind the writer's back."""
    value = json.loads((folder / "manifest.json").read_text())
    change(value)
    (folder / "manifest.json").write_text(json.dumps(value))


def refused(folder: Path) -> str:
    """What `open_bundle` says against the folder; a test fails here if it opens."""
    with pytest.raises(BundleError) as raised:
        open_bundle(folder)
    return str(raised.value)

"""Bundles: what is written opens again, and nothing damaged, foreign or leading out of the folder is opened."""

import copy
import json
import os
import re
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from engines.bundle import KIND, MANIFEST, SHIPPED, Bundle, files_of_bundle, open_bundle, sha256_of, write_manifest
from engines.errors import BundleError, EngineError
from engines.selection.candidates import open_engine
from engines.system.whole_folder import FolderError, check_place
from tests.engines.tiny_bundle import FILES, manifest, refused, rewrite
from tests.engines.tiny_model import tiny_feeds, tiny_spec


def test_what_is_written_opens_again(folder: Path) -> None:
    bundle = open_bundle(folder)
    assert (bundle.name, bundle.title, bundle.licence, bundle.fps) == ("tiny", "Tiny", "MIT", 30.0)
    assert (bundle.canvas, bundle.estimator, bundle.fingerprint) == ((32, 32), "none/openpose137", "f" * 64)
    assert bundle.puppet == {"canvas": [32, 32]}
    assert bundle.takes["full"].stats == {"torso_px": 9.0}
    assert bundle.generator("lite").spec == replace(tiny_spec(), figure="doll")
    assert bundle.manifest["tools"] == {"torch": "2.13"}
    paths = [bundle.takes["full"].plate, bundle.generator("lite").file, bundle.atlas, bundle.idle, bundle.poster]
    assert [path and path.read_bytes().decode() for path in paths] == list(FILES)


def test_the_shown_hashes_are_those_of_the_files(folder: Path) -> None:
    written = json.loads((folder / "manifest.json").read_text())
    assert written["files"] == {name: sha256_of(folder / name) for name in sorted(FILES)}


def test_a_folder_may_be_moved_and_need_not_have_a_poster_or_a_generator(folder: Path, tmp_path: Path) -> None:
    bare = {key: value for key, value in manifest().items() if key not in ("poster", "tools", "training")}
    write_manifest(folder, bare | {"generators": {}})
    bundle = open_bundle(folder.rename(tmp_path / "moved"))
    assert (bundle.poster, bundle.generators) == (None, {})
    with pytest.raises(BundleError, match="no such generator; got: lite; wanted: none: this target shows"):
        bundle.generator("lite")


def test_files_of_one_s_own_are_hashed_when_listed(folder: Path) -> None:
    (folder / "face.onnx").write_bytes(b"face")
    write_manifest(folder, manifest() | {"files": {"face.onnx": "whatever"}})
    assert open_bundle(folder).manifest["files"]["face.onnx"] == sha256_of(folder / "face.onnx")


def test_whose_film_it_was_is_read_where_it_is_stated(folder: Path) -> None:
    assert open_bundle(folder).consent == ""
    write_manifest(folder, manifest() | {"consent": "agreed"})
    assert open_bundle(folder).consent == "agreed"
    rewrite(folder, lambda manifest: manifest.update(consent="surely"))
    assert "the manifest's consent is wrong; got: 'surely'; wanted: me, agreed, character" in refused(folder)


FACE = {"file": "face.onnx", "inputs": {"crop": [1, 8, 8, 4]}, "outputs": {"face": [1, 8, 8, 3]}, "map": "abc"}


def test_a_face_network_is_read_and_its_hash_computed(folder: Path) -> None:
    assert open_bundle(folder).face is None
    (folder / "face.onnx").write_bytes(b"face")
    write_manifest(folder, manifest() | {"face": FACE})
    face = open_bundle(folder).face
    assert face is not None and (face.file.read_bytes(), face.map) == (b"face", "abc")
    assert [t.shape for t in (*face.spec.inputs, *face.spec.outputs)] == [(1, 8, 8, 4), (1, 8, 8, 3)]
    (folder / "face.onnx").write_bytes(b"fac")
    assert "face.onnx of target tiny is not the file that was exported" in refused(folder)
    (folder / "face.onnx").unlink()
    assert "lacks a file; got: 'face.onnx'" in refused(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"map": None}, "the face network has a value of the wrong kind"),
        ({"file": 3}, "the face network has a value of the wrong kind"),
        ({"file": "../face.onnx"}, "outside the target"),
        ({"inputs": {"crop": [1, "h", 8, 4]}}, "the face network has a tensor without a fixed shape"),
        ({"outputs": None}, "the face network has a value of the wrong kind"),
        ([], "the face network is not a JSON object"),
    ],
)
def test_a_face_network_that_is_described_wrongly_is_refused(folder: Path, change: Any, message: str) -> None:
    (folder / "face.onnx").write_bytes(b"face")
    write_manifest(folder, manifest() | {"face": FACE})
    rewrite(folder, lambda value: value.update(face={**FACE, **change} if isinstance(change, dict) else change))
    assert message in refused(folder)


def test_a_face_network_without_its_keys_is_refused(folder: Path) -> None:
    (folder / "face.onnx").write_bytes(b"face")
    for key in FACE:
        write_manifest(folder, manifest() | {"face": FACE})
        rewrite(folder, lambda value, key=key: value["face"].pop(key))  # type: ignore[misc]
        assert f"the face network lacks a key; wanted: '{key}'" in refused(folder)


def test_the_writer_leaves_what_it_was_given_and_no_scraps(folder: Path) -> None:
    mine = manifest()
    before = copy.deepcopy(mine)
    path = write_manifest(folder, mine)
    assert mine == before
    assert sorted(p.name for p in folder.iterdir()) == sorted((*FILES, "manifest.json"))
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.parametrize(
    "change",
    [{"atlas": "absent.npz"}, {"format": 2}, {"puppet": {"a": float("nan")}}, {"training": {1, 2}}, {"takes": {}}],
)
def test_a_manifest_that_would_not_open_is_not_written(folder: Path, change: dict[str, Any]) -> None:
    before = (folder / "manifest.json").read_bytes()
    with pytest.raises(BundleError):
        write_manifest(folder, manifest() | change)
    assert (folder / "manifest.json").read_bytes() == before
    assert not list(folder.glob(".manifest-*"))


@pytest.mark.parametrize("name", FILES)
def test_one_flipped_bit_is_seen(folder: Path, name: str) -> None:
    content = bytearray((folder / name).read_bytes())
    content[-1] ^= 1
    (folder / name).write_bytes(content)
    assert re.match(f"{name} of target tiny is not the file that was exported; got: sha256 [0-9a-f]", refused(folder))


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    assert f"the target lacks a file; got: '{name}'" in refused(folder)


def test_a_file_without_a_stated_hash_is_refused(folder: Path) -> None:
    rewrite(folder, lambda m: m["files"].pop("atlas.npz"))
    assert "no hash for a file that it uses; got: atlas.npz" in refused(folder)


@pytest.mark.parametrize("text", [b"", b"{", b"not json", b"\xff\xfe\x00", b"[" * 100_000, b'{"format": 1,}'])
def test_what_is_not_json_is_said_so(folder: Path, text: bytes) -> None:
    (folder / "manifest.json").write_bytes(text)
    assert "the manifest is not JSON" in refused(folder)


@pytest.mark.parametrize("text", ["[]", "null", "3"])
def test_a_manifest_is_an_object(folder: Path, text: str) -> None:
    (folder / "manifest.json").write_text(text)
    assert "not a JSON object" in refused(folder)


def test_a_huge_manifest_is_not_even_parsed(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b" " * (5 << 20))
    assert "larger than" in refused(folder)


@pytest.mark.parametrize("value", [0, 2, "1", None, True, 1.5])
def test_another_format_is_refused_with_what_to_do(folder: Path, value: object) -> None:
    rewrite(folder, lambda m: m.update(format=value))
    assert f"got: format {value!r}; wanted: format 1; do this: export the target again" in refused(folder)


@pytest.mark.parametrize("key", sorted(set(manifest()) - {"format", "poster", "tools", "training"} | {"files"}))
def test_a_missing_or_wrong_key_is_named(folder: Path, key: str) -> None:
    whole = (folder / "manifest.json").read_text()
    rewrite(folder, lambda m: m.pop(key))
    assert f"lacks a key; wanted: '{key}'" in refused(folder)
    (folder / "manifest.json").write_text(whole)
    rewrite(folder, lambda m: m.update({key: None}))
    assert f"of the wrong kind; got: '{key}': None" in refused(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(canvas=[32]), "canvas is wrong"),
        (lambda m: m.update(canvas=[32, -1]), "canvas is wrong"),
        (lambda m: m.update(canvas=[32, True]), "canvas is wrong"),
        (lambda m: m.update(fps=0), "fps is wrong"),
        (lambda m: m.update(fps=float("nan")), "NaN is not a number"),
        (lambda m: m.update(fps=10**400), "a number of 401 digits"),
        (lambda m: m.update(title="two\nlines"), "title is not a line of text"),
        (lambda m: m.update(name="\x1b[2J"), "name is not a line of text"),
        (lambda m: m["generators"]["lite"]["inputs"].update(doll=[1, 1 << 20, 1 << 20, 4]), "too large"),
        (lambda m: m["generators"]["lite"].update(inputs={str(n): [1] for n in range(17)}), "too many tensors"),
        (lambda m: m.update(poster=3), "'poster'"),
        (lambda m: m.update(takes={"full": 3}), "take 'full' is not a JSON object"),
        (lambda m: m["takes"]["full"].pop("stats"), "take 'full' lacks a key"),
        (lambda m: m["generators"].update(lite=[]), "generator 'lite' is not a JSON object"),
        (lambda m: m["generators"]["lite"].pop("state"), "generator 'lite' lacks a key"),
        (lambda m: m["generators"]["lite"]["inputs"].update(doll=[1, "H", 32, 4]), "without a fixed shape"),
        (lambda m: m["generators"]["lite"]["inputs"].update(doll=[]), "generator 'lite' is wrong"),
        (lambda m: m["generators"]["lite"].update(state={"frame": "pose_map"}), "frame -> pose_map does not fit"),
        (lambda m: m["generators"]["lite"].update(state={"frame": ["doll"]}), "does not fit"),
        (lambda m: m["files"].update({"atlas.npz": "3"}), "is not the file that was exported"),
        (lambda m: m["files"].update({"atlas.npz": 3}), "gives no hash for a file"),
    ],
)
def test_values_that_make_no_sense_are_refused(
    folder: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    rewrite(folder, change)
    assert message in refused(folder)


@pytest.mark.parametrize("path", ["absent", "tiny/atlas.npz", "."])
def test_what_is_no_bundle_is_refused(folder: Path, path: str) -> None:
    assert re.match("there is no such target folder|the target has no readable manifest", refused(folder.parent / path))


def test_a_bundle_error_is_an_engine_error_with_its_parts() -> None:
    error = BundleError("it broke", got="a", wanted="b", do="c")
    assert isinstance(error, EngineError)
    assert str(error) == "it broke; got: a; wanted: b; do this: c"
    assert (error.what, error.got, error.wanted, error.do) == ("it broke", "a", "b", "c")


def with_model(folder: Path, content: bytes) -> Bundle:
    (folder / "generator.lite.onnx").write_bytes(content)
    write_manifest(folder, manifest())
    return open_bundle(folder)


def test_a_bundle_s_generator_runs(folder: Path, tiny_model: Path) -> None:
    generator = with_model(folder, tiny_model.read_bytes()).generator("lite")
    engine = open_engine(generator.file, generator.spec, backend="onnxruntime", precision="fp32")
    assert engine.run(tiny_feeds())["frame"].any()
    engine.close()


def test_a_truncated_model_with_a_right_hash_is_an_engine_error(folder: Path, tiny_model: Path) -> None:
    whole = tiny_model.read_bytes()
    generator = with_model(folder, whole[: len(whole) // 2]).generator("lite")
    with pytest.raises(EngineError, match="onnxruntime cannot open generator.lite.onnx"):
        open_engine(generator.file, generator.spec, backend="onnxruntime", precision="fp32")


@pytest.mark.parametrize("name", sorted(path.parent.name for path in SHIPPED.glob(f"*/{MANIFEST}")))
def test_a_bundle_without_a_marker_may_be_replaced_by_a_new_one_if_it_holds_nothing_else(
    name: str, tmp_path: Path
) -> None:
    place = shutil.copytree(SHIPPED / name, tmp_path / name)
    check_place(place, KIND, files_of_bundle)
    (place / "notes.txt").write_text("precious")
    with pytest.raises(FolderError, match=r"got: notes\.txt"):
        check_place(place, KIND, files_of_bundle)


def test_an_int8_version_is_checked_like_every_file(folder: Path) -> None:
    (folder / "small.onnx").write_bytes(b"int8")
    with_int8 = manifest()
    with_int8["generators"]["lite"]["int8"] = "small.onnx"
    write_manifest(folder, with_int8)
    assert open_bundle(folder).generator("lite").int8 == folder.resolve() / "small.onnx"
    (folder / "small.onnx").write_bytes(b"changed")
    assert "small.onnx of target tiny is not the file that was exported" in refused(folder)
    rewrite(folder, lambda m: m["generators"]["lite"].update({"int8": 8}))
    assert "int8" in refused(folder)


def test_a_bundle_without_an_int8_version_opens(folder: Path) -> None:
    assert open_bundle(folder).generator("lite").int8 is None

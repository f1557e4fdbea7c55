"""A target is opened whole or refused with the reason."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from engines.bundle import write_manifest
from engines.errors import EngineError
from live.performer.profile import load_profile
from live.puppet.drawing.face_map import face_map_hash
from live.puppet.errors import CalibrationError, TargetError
from live.render.face import SPEC
from live.render.renderer import generator_spec
from live.scene.target import open_target
from tests.live.tiny_face import entry, rewritten, write_target_with_face
from tests.live.tiny_target import CONFIG, PLATE, SIDE, stats, write_target


def test_a_target_is_read_into_the_values_of_the_loop(tiny: Path) -> None:
    target = open_target(str(tiny), "full")
    assert target.puppet == CONFIG
    assert target.stats == stats()
    assert target.plate.shape == (SIDE, SIDE, 3) and (target.plate == PLATE).all()
    assert target.generator is None and target.face is None
    assert len(target.idle.points_px) == 4


def test_a_framing_it_was_not_filmed_in_lists_what_there_is(tiny: Path) -> None:
    with pytest.raises(TargetError, match="got: half; wanted: full"):
        open_target(str(tiny), "half")


def test_the_idle_loop_moves_onto_the_take_that_is_shown(tmp_path: Path) -> None:
    half = stats().scaled(1.8, dx=-40, dy=30)
    takes = {name: {"plate": "plate.png", "stats": s.to_json()} for name, s in (("full", stats()), ("half", half))}
    folder = write_target(tmp_path / "two", takes=takes)
    full, near = open_target(str(folder), "full").idle, open_target(str(folder), "half").idle
    assert np.allclose(near.points_px, full.points_px * 1.8 + np.array([-40, 30]), atol=0.01)
    assert np.allclose(near.size_px, full.size_px * 1.8) and near.take == "half"


def test_an_idle_loop_of_an_unknown_take_is_refused(tmp_path: Path) -> None:
    folder = write_target(tmp_path / "odd", takes={"half": {"plate": "plate.png", "stats": stats().to_json()}})
    with pytest.raises(TargetError, match="belongs to a take that the target lacks; got: full; wanted: half"):
        open_target(str(folder), "half")


def test_another_fingerprint_is_refused_naming_both(tmp_path: Path) -> None:
    folder = write_target(tmp_path / "old", fingerprint="0123456789abcdef")
    ours = open_target(str(write_target(tmp_path / "new")), "full").bundle.fingerprint
    with pytest.raises(TargetError, match=f"0123456789abcdef.*{ours}"):
        open_target(str(folder), "full")


def test_a_face_is_opened_with_its_generator_and_refused_when_its_map_is_drawn_otherwise(tmp_path: Path) -> None:
    pytest.importorskip("onnx", reason="the tiny models are built with onnx, which the train extra brings")
    folder = write_target_with_face(tmp_path / "t")
    face = open_target(str(folder), "full").face
    assert face is not None and face.spec == SPEC and face.map == face_map_hash()
    rewritten(folder, generators={})
    assert open_target(str(folder), "full").face is None, "there is no face to mend on the bare doll"
    folder = write_target_with_face(tmp_path / "old", map="0123456789abcdef")
    with pytest.raises(TargetError, match=f"0123456789abcdef.*{face_map_hash()}.*train its face again"):
        open_target(str(folder), "full")


def network(side: int, **changes: object) -> dict[str, object]:
    """A generator's manifest entry for a canvas of `side`; the file is never opened here."""
    return entry("plate.png", generator_spec((side, side))) | {"state": {"frame": "previous"}} | changes


@pytest.mark.parametrize("side", [SIDE // 2, SIDE + 64, SIDE * 4])
def test_a_generator_for_another_canvas_is_refused(side: int, tmp_path: Path) -> None:
    folder = write_target(tmp_path / "t", generators={"lite": network(SIDE)})
    assert open_target(str(folder), "full").generator is not None
    rewritten(folder, generators={"lite": network(SIDE), "full": network(side)})
    with pytest.raises(TargetError, match=f"'full' of target t does not fit .* {SIDE}x{SIDE}; got: .*{side}"):
        open_target(str(folder), "full")


@pytest.mark.parametrize(
    "change",
    [
        {"state": {}},
        {"outputs": {"picture": [1, SIDE, SIDE, 4]}, "state": {"picture": "previous"}},
        {"outputs": {"frame": [1, SIDE, SIDE, 4], "more": [1, 8]}},
        {"outputs": {"frame": [1, SIDE, SIDE, 3]}, "state": {}},
        {"inputs": {"pose_map": [1, 8, 8, 20], "doll": [1, SIDE, SIDE, 4], "previous": [1, SIDE, SIDE, 4]}},
    ],
)
def test_a_generator_of_other_tensors_is_refused(change: dict[str, object], tmp_path: Path) -> None:
    folder = write_target(tmp_path / "t", generators={"lite": network(SIDE, **change)})
    with pytest.raises(TargetError, match="'lite' of target t does not fit"):
        open_target(str(folder), "full")


def test_a_face_network_of_another_size_is_refused(tmp_path: Path) -> None:
    face = entry("plate.png", SPEC) | {"outputs": {"face": [1, 256, 256, 3]}, "map": face_map_hash()}
    with pytest.raises(TargetError, match='"face" of target t cannot be used by this version'):
        open_target(str(write_target(tmp_path / "t", face=face)), "full")


def test_two_canvas_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="two canvas sizes"):
        open_target(str(write_target(tmp_path / "t", canvas=[256, 256])), "full")


def test_unknown_puppet_settings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="settings do not fit"):
        open_target(str(write_target(tmp_path / "t", puppet={**CONFIG.to_json(), "new_thing": 1})), "full")


@pytest.mark.parametrize("name", ["atlas.npz", "idle.npz", "plate.png"])
def test_a_damaged_file_with_a_right_hash_is_refused(name: str, tiny: Path, tmp_path: Path) -> None:
    folder = tmp_path / "t"
    shutil.copytree(tiny, folder)
    manifest = open_target(str(folder), "full").bundle.manifest
    (folder / name).write_bytes(b"not what it says")
    write_manifest(folder, manifest)
    with pytest.raises(TargetError):
        open_target(str(folder), "full")


def test_an_unknown_target_suggests_the_nearest() -> None:
    with pytest.raises(EngineError, match="no such target"):
        open_target("fortnight", "full")


def test_no_calibration_is_a_value(tmp_path: Path) -> None:
    assert load_profile("none") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "not a calibration profile"),
        ("{", "not a calibration profile"),
        ('{"topology": "coco17", "stats": {}}', "another topology"),
        ('{"topology": "openpose137", "stats": {"torso": 1}}', "does not fit"),
    ],
)
def test_a_bad_calibration_is_a_clear_error(text: str | None, message: str, tmp_path: Path) -> None:
    if text is not None:
        (tmp_path / "me.json").write_text(text)
    with pytest.raises(CalibrationError, match=message):
        load_profile(str(tmp_path / "me.json"))


def test_a_calibration_gives_its_stats(tmp_path: Path) -> None:
    import json

    (tmp_path / "me.json").write_text(json.dumps({"topology": "openpose137", "stats": stats().to_json()}))
    profile = load_profile(str(tmp_path / "me.json"))
    assert profile is not None and profile.stats_for("full") == stats()
    assert np.isfinite(stats().torso)

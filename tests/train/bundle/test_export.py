import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from engines.bundle import open_bundle
from engines.selection.candidates import open_engine
from engines.system.whole_folder import MARKER, FolderError
from live.puppet.drawing.face_map import face_map_hash
from live.render.face import SPEC, Face
from live.scene.target import open_target
from tests.killed import kill_at_every_step
from tests.train.dataset_folder import write_dataset
from tests.train.trained_face import write_face
from tests.train.trained_run import write_run
from train.bundle import export
from train.bundle.export import export_doll, export_run
from train.dataset.dataset import Dataset
from train.dataset.loader import open_dataset
from train.errors import TrainError
from train.networks.face_network import DeployedFace
from train.networks.networks import DeployedGenerator
from train.networks.player import Player
from train.training import face_checkpoint
from train.training.checkpoint import averaged_generator, load_checkpoint, save_checkpoint
from train.training.face import open_face
from train.training.tensor_file import read_tensors, write_tensors


@pytest.fixture(scope="module")
def dataset_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dataset(tmp_path_factory.mktemp("data") / "paper", 150)


@pytest.fixture(scope="module")
def dataset(dataset_folder: Path) -> Dataset:
    return open_dataset(dataset_folder)


@pytest.fixture(scope="module")
def run(dataset_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("runs") / "run", dataset_folder)


@pytest.fixture(scope="module")
def bundle(run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_run(run, tmp_path_factory.mktemp("targets") / "puppy", title="A puppy", licence="CC0")


@pytest.fixture
def known_onnx(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torch's exporter takes its time; whatever generator is exported gets the file of `run`'s."""
    written = open_bundle(bundle).generator("lite").file.read_bytes()
    monkeypatch.setattr(export, "to_onnx", lambda network, spec: written)


def test_live_opens_the_bundle(bundle: Path, dataset: Dataset) -> None:
    target = open_target(str(bundle), "full")
    assert (target.bundle.name, target.bundle.title, target.bundle.licence) == ("puppy", "A puppy", "CC0")
    assert target.puppet == dataset.config and target.stats == dataset.takes["full"].stats
    assert target.generator is not None and np.isfinite(target.idle.points_px).all()
    assert {path.name for path in bundle.iterdir()} == {
        MARKER,
        *("manifest.json", "atlas.npz", "idle.npz", "plate_full.jpg", "poster.jpg", "generator.lite.onnx"),
    }


def test_the_manifest_tells_no_path_of_this_machine(bundle: Path, run: Path) -> None:
    text = (bundle / "manifest.json").read_text()
    assert json.loads(text)["training"]["settings"]["dataset"] == "paper"
    assert str(run.parent) not in text and "/tmp" not in text


@pytest.mark.usefixtures("known_onnx")
def test_the_manifest_names_other_runs_without_their_path(run: Path, tmp_path: Path) -> None:
    both = tmp_path / "run"
    both.mkdir()
    old = load_checkpoint(run)
    config = replace(old.config, begin_from="/home/me/first.run", teacher="/home/me/large.run")
    save_checkpoint(both, replace(old, config=config))
    text = (export_run(both, tmp_path / "puppy") / "manifest.json").read_text()
    assert "/home/me" not in text and "first.run" in text


def test_no_file_of_a_bundle_quotes_a_path_of_this_machine(bundle: Path) -> None:
    for file in bundle.iterdir():
        content = file.read_bytes()
        assert str(Path(export.__file__).parent).encode() not in content, file.name
        assert b"site-packages" not in content and b".py" not in content, file.name


def test_the_engine_draws_what_torch_draws(bundle: Path, run: Path, dataset: Dataset) -> None:
    generator = open_bundle(bundle).generator("lite")
    player = Player(DeployedGenerator(averaged_generator(load_checkpoint(run))))
    engine = open_engine(generator.file, generator.spec, backend="onnxruntime", precision="fp32")
    for i in range(5):
        drawn = dataset.draw(dataset.takes["full"].placed(i, refined=False))
        frame = engine.run({"pose_map": drawn.pose_map[None], "doll": drawn.doll[None]})["frame"][0]
        assert np.abs(frame.astype(int) - player.step(drawn)).max() <= 1
    assert not np.array_equal(frame, drawn.doll)


def test_the_onnx_file_keeps_tensorrts_rules(bundle: Path) -> None:
    model = onnx.load(bundle / "generator.lite.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 18)]
    ports = {port.name for port in model.graph.input}
    takers = {(name, node.op_type) for node in model.graph.node for name in node.input if name in ports}
    assert takers == {("pose_map", "Cast"), ("doll", "Cast"), ("previous", "Cast")}
    (last,) = [node for node in model.graph.node if "frame" in node.output]
    assert last.op_type == "Cast"
    shapes = [[d.dim_value for d in port.type.tensor_type.shape.dim] for port in model.graph.input]
    assert shapes == [[1, 32, 32, 20], [1, 128, 128, 4], [1, 128, 128, 4]]
    known = {
        "Cast",
        "Reshape",
        "Transpose",
        "MatMul",
        "Mul",
        "Add",
        "Sub",
        "Div",
        "Concat",
        "Conv",
        "LeakyRelu",
        "Slice",
    }
    known |= {"DepthToSpace", "Clip", "Exp", "Neg", "AveragePool", "MaxPool", "Pad", "Gemm", "Constant", "Min", "Max"}
    assert {node.op_type for node in model.graph.node} <= known


@pytest.fixture(scope="module")
def faced_run(dataset_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_face(write_run(tmp_path_factory.mktemp("runs") / "faced", dataset_folder))


@pytest.fixture(scope="module")
def faced(faced_run: Path, bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With the same generator as `bundle`, whose file it gets: torch's exporter takes its time."""
    real, known = export.to_onnx, open_bundle(bundle).generator("lite").file.read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(export, "to_onnx", lambda network, spec: real(network, spec) if spec is SPEC else known)
        return export_run(faced_run, tmp_path_factory.mktemp("targets") / "faced")


def test_live_opens_the_face_of_a_bundle_and_it_paints_what_torch_paints(
    faced: Path, faced_run: Path, dataset: Dataset
) -> None:
    face = open_target(str(faced), "full").face
    assert face is not None and face.file.name == "face.onnx" and face.map == face_map_hash()
    live = Face(open_engine(face.file, face.spec, backend="onnxruntime", precision="fp32"))
    ours = open_face(faced_run)
    assert ours is not None
    for i in range(5):
        drawn = dataset.draw(dataset.takes["full"].placed(i, refined=False))
        a, b = drawn.doll.copy(), drawn.doll.copy()
        live.paint(a, drawn)
        ours.paint(b, drawn)
        assert np.abs(a.astype(int) - b).max() <= 1 and not np.array_equal(a, drawn.doll)


def test_a_run_without_a_face_makes_a_bundle_without_one(bundle: Path) -> None:
    assert open_bundle(bundle).face is None and "face" not in json.loads((bundle / "manifest.json").read_text())


def test_a_face_of_another_generator_is_not_exported(dataset_folder: Path, tmp_path: Path) -> None:
    run = write_face(write_run(tmp_path / "run", dataset_folder), generator="another")
    with pytest.raises(TrainError, match="different generator.*train the face again"):
        export_run(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_face_that_drifts_from_its_file_is_refused(
    faced: Path, faced_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = shutil.copytree(faced_run, tmp_path / "run")
    values = read_tensors(run / face_checkpoint.NAME)
    values["trainer"]["average"]["head.bias"] += 0.1
    write_tensors(run / face_checkpoint.NAME, values)
    files = {True: "face.onnx", False: "generator.lite.onnx"}
    monkeypatch.setattr(
        export, "to_onnx", lambda network, spec: (faced / files[isinstance(network, DeployedFace)]).read_bytes()
    )
    with pytest.raises(TrainError, match="exported face network does not draw"):
        export_run(run, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_run_for_comparison_is_not_exported(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = load_checkpoint(run)
    for change in ({"preset": "pix2pixhd"}, {"doll": False}, {"temporal": False}):
        monkeypatch.setattr(
            export, "load_checkpoint", lambda folder, best, c=change: replace(whole, config=replace(whole.config, **c))
        )
        with pytest.raises(TrainError, match="for comparison cannot be exported"):
            export_run(run, tmp_path / "out")


@pytest.mark.usefixtures("known_onnx")
def test_a_network_that_drifts_from_its_file_is_refused_and_the_old_bundle_stays(
    run: Path, dataset_folder: Path, tmp_path: Path
) -> None:
    export_doll(dataset_folder, tmp_path / "puppy")
    before = (tmp_path / "puppy" / "manifest.json").read_bytes()
    drifted = load_checkpoint(run)
    drifted.trainer["average"]["head.bias"] += 0.1
    (tmp_path / "run").mkdir()
    save_checkpoint(tmp_path / "run", drifted)
    with pytest.raises(TrainError, match="does not draw what the trained one draws"):
        export_run(tmp_path / "run", tmp_path / "puppy")
    assert (tmp_path / "puppy" / "manifest.json").read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["puppy", "run"]


def test_without_training_the_bundle_is_the_bare_doll(dataset_folder: Path, tmp_path: Path) -> None:
    target = open_target(str(export_doll(dataset_folder, tmp_path / "doll")), "full")
    assert target.generator is None and target.bundle.title == "paper"


@pytest.mark.usefixtures("known_onnx")
def test_a_new_bundle_replaces_the_old_one(bundle: Path, run: Path, dataset_folder: Path, tmp_path: Path) -> None:
    out = export_doll(dataset_folder, tmp_path / "puppy")
    (out / MARKER).unlink()  # as an older version wrote it
    export_run(run, out)
    assert {path.name for path in out.iterdir()} == {path.name for path in bundle.iterdir()}
    assert [path.name for path in tmp_path.iterdir()] == ["puppy"]


def test_a_folder_with_anything_else_in_it_is_not_replaced(dataset_folder: Path, tmp_path: Path) -> None:
    desktop = tmp_path / "Desktop"
    desktop.mkdir()
    (desktop / "thesis.odt").write_text("precious")
    with pytest.raises(FolderError, match=r"got: thesis\.odt"):
        export_doll(dataset_folder, desktop)
    (export_doll(dataset_folder, tmp_path / "puppy") / "stray.txt").write_text("mine")
    with pytest.raises(FolderError, match=r"got: stray\.txt"):
        export_doll(dataset_folder, tmp_path / "puppy")
    with pytest.raises(FolderError, match="a data set, not a bundle|dataset"):
        export_doll(dataset_folder, dataset_folder)
    assert (desktop / "thesis.odt").exists() and (tmp_path / "puppy" / "stray.txt").exists()
    assert (dataset_folder / "dataset.json").exists()


@pytest.mark.parametrize("out", ["", ".", "..", "puppy/.."])
def test_a_place_without_a_name_is_refused(dataset_folder: Path, tmp_path: Path, out: str) -> None:
    with pytest.raises(TrainError, match="the bundle cannot be made"):
        export_doll(dataset_folder, Path(out))


def test_a_run_on_another_puppet_is_refused(dataset_folder: Path, tmp_path: Path) -> None:
    run = write_run(tmp_path / "run", dataset_folder, seen_fingerprint="another")
    with pytest.raises(TrainError, match="different puppet.*train again"):
        export_run(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_full_disk_leaves_no_half_bundle(
    dataset_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(export.shutil, "copyfile", full)
    with pytest.raises(TrainError, match="No space left"):
        export_doll(dataset_folder, tmp_path / "puppy")
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("known_onnx")
def test_the_best_checkpoint_is_exported_when_asked_for(run: Path, tmp_path: Path) -> None:
    both = tmp_path / "run"
    shutil.copytree(run, both)
    save_checkpoint(both, replace(load_checkpoint(run), steps_done=3), best=True)
    last, best = (export_run(both, tmp_path / str(b), best=b) for b in (False, True))
    steps = [json.loads((out / "manifest.json").read_text())["training"]["steps"] for out in (last, best)]
    assert steps == [5, 3]
    with pytest.raises(TrainError, match="--best"):
        export_run(run, tmp_path / "none", best=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_at_any_step_the_old_bundle_or_the_new_one_is_there(tmp_path: Path) -> None:
    assert kill_at_every_step("tests.train.bundle.killed_export", tmp_path) > 15

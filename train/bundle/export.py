"""Exports a run as a target bundle: averaged ONNX networks, checked against torch in closed loop, and live's files."""

import shutil
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from engines.bundle import KIND, files_of_bundle, open_bundle, write_manifest
from engines.engine import EngineSpec
from engines.errors import EngineError
from engines.selection.candidates import open_engine
from engines.system.lock import LockError
from engines.system.names import name_error
from engines.system.whole_folder import FolderError, check_place, whole_folder
from live.puppet.drawing.face_map import face_map_hash
from live.puppet.fingerprint import fingerprint
from live.puppet.values import Conditioning
from live.render.face import SPEC, Face
from live.render.renderer import feeds_of, generator_spec
from train.bundle.idle import idle_loop
from train.bundle.onnx_file import to_onnx
from train.bundle.poster import poster
from train.dataset.dataset import Dataset
from train.dataset.format import no_puppet
from train.dataset.loader import open_dataset
from train.dataset.take import Take
from train.errors import TrainError
from train.networks.face_network import DeployedFace
from train.networks.networks import DeployedGenerator
from train.networks.player import Drawing, FaceDrawing, Player
from train.networks.presets import BASELINE
from train.report import sheet
from train.training.checkpoint import Checkpoint, averaged_generator, load_checkpoint
from train.training.face import torch_engine
from train.training.face_checkpoint import averaged_face

PARITY_FRAMES = 30
PARITY_LEVELS = 2  # of 255: rounding may differ by one, and feedback carries that on
LARGEST_MB = 25
FACE_FILE = "face.onnx"
TOOLS = ("torch", "onnx", "onnxruntime", "numpy", "mediapipe")


@dataclass(frozen=True, slots=True)
class _Networks:
    """The trained networks."""

    checkpoint: Checkpoint
    face: DeployedFace | None


def export_run(
    run_folder: Path, out: Path, *, title: str = "", licence: str = "", consent: str = "", best: bool = False
) -> Path:
    """Write the bundle of a trained run to `out`, complete or not at all, replacing an old one; returns `out`.

    The bundle includes the run's face network if it has one. `best`: export the checkpoint that did best on held-out
    frames, not the last. `consent`: see `engines.consent`. Raises TrainError, and leaves `out` as it was, when an ONNX
    file does not draw what torch draws, when the face belongs to another generator, or when the run was made for
    comparison only; EngineError when `out` holds something that is not ours.
    """
    checkpoint = load_checkpoint(run_folder, best=best)
    config = checkpoint.config
    if config.preset == BASELINE or not (config.doll and config.temporal):
        raise TrainError(
            "a run made only for comparison cannot be exported",
            got=f"preset {config.preset}, doll {config.doll}, temporal {config.temporal}",
            wanted="lite or full, with doll and feedback",
            do="train one: python -m train run",
        )
    dataset = open_dataset(Path(config.dataset))
    if checkpoint.fingerprint != fingerprint(dataset.config):
        raise TrainError(
            "the run was trained on a different puppet from the one in its data set now",
            got=fingerprint(dataset.config),
            wanted=checkpoint.fingerprint,
            do="train again on the new data set",
        )
    face = averaged_face(run_folder, checkpoint)
    networks = _Networks(checkpoint, None if face is None else DeployedFace(face))
    return _export(dataset, out, networks, title=title, licence=licence, consent=consent)


def export_doll(dataset_folder: Path, out: Path, *, title: str = "", licence: str = "", consent: str = "") -> Path:
    """Like `export_run`, but without any network: the bare doll moves."""
    return _export(open_dataset(dataset_folder), out, None, title=title, licence=licence, consent=consent)


def check_bundle_place(out: Path) -> None:
    """Raise TrainError if the last part of `out` is no valid name, EngineError if it holds anything but a bundle."""
    if problem := name_error(out.name):
        raise TrainError(f"the bundle cannot be made: {problem}", do="end --out with the character's short name")
    check_place(out, KIND, files_of_bundle)


def _export(dataset: Dataset, out: Path, networks: _Networks | None, *, title: str, licence: str, consent: str) -> Path:
    if not dataset.has_poses:
        raise no_puppet(dataset.name, "a bundle")
    check_bundle_place(out)
    try:
        with whole_folder(out, KIND, files_of_bundle) as folder:
            folder.chmod(0o755)  # bundles are meant to be shared
            manifest = _fill(dataset, folder, networks)
            manifest |= {
                "name": out.name,
                "title": title or dataset.name,
                "licence": licence or "not stated: ask its maker",
                "consent": consent or None,
            }
            write_manifest(folder, manifest)
            open_bundle(folder)
    except (FolderError, LockError):
        raise
    except (OSError, EngineError) as error:
        raise TrainError(
            "the bundle cannot be written", got=str(error), do="make room on the disk, or choose another --out"
        ) from error
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    print(f"target bundle: {out}, {size:.1f} MB" + (f" (more than {LARGEST_MB} MB)" if size > LARGEST_MB else ""))
    return out


def _fill(dataset: Dataset, folder: Path, networks: _Networks | None) -> dict[str, Any]:
    """Write every file but the manifest; returns the manifest without name, title and licence."""
    shutil.copyfile(dataset.folder / "atlas.npz", folder / "atlas.npz")
    takes = {}
    for take in dataset.takes.values():
        plate = f"plate_{take.name}.jpg"
        sheet.write_picture(folder / plate, take.plate)
        takes[take.name] = {"plate": plate, "stats": take.stats.to_json()}
    take = dataset.takes.get("full") or next(iter(dataset.takes.values()))
    with (folder / "idle.npz").open("wb") as file:
        np.savez_compressed(file, **idle_loop(take, dataset.fps))
    trained, drawing = ({"generators": {}}, None) if networks is None else _write(networks, dataset, take, folder)
    sheet.write_picture(folder / "poster.jpg", poster(dataset, take, drawing))
    return {
        "canvas": list(dataset.canvas),
        "fps": dataset.fps,
        "estimator": dataset.estimator,
        "puppet": dataset.config.to_json(),
        "fingerprint": fingerprint(dataset.config),
        "takes": takes,
        **trained,
        "atlas": "atlas.npz",
        "idle": "idle.npz",
        "poster": "poster.jpg",
        "tools": {name: _version(name) for name in TOOLS},
        "training": _training(None if networks is None else networks.checkpoint),
    }


def _write(networks: _Networks, dataset: Dataset, take: Take, folder: Path) -> tuple[dict[str, Any], Drawing | None]:
    """Write the networks' files; returns the manifest's "generators" and "face", and what draws the target with them.

    An untrained generator is left out, and its face with it.
    """
    checkpoint, face = networks.checkpoint, networks.face
    if checkpoint.steps_done == 0:
        return {"generators": {}}, None
    network = DeployedGenerator(averaged_generator(checkpoint)).eval()
    preset, spec = checkpoint.config.preset, generator_spec(dataset.canvas)
    file_name = f"generator.{preset}.onnx"
    (folder / file_name).write_bytes(to_onnx(network, spec))
    held_out = take.held_out[:PARITY_FRAMES]
    clip = [dataset.draw(take.placed(i, refined=False)) for i in held_out]
    check_parity(folder / file_name, spec, network, clip)
    entries: dict[str, Any] = {"generators": {preset: _entry(file_name, spec) | {"state": dict(spec.state)}}}
    if face is None:
        return entries, Player(network)
    (folder / FACE_FILE).write_bytes(to_onnx(face, SPEC))
    check_face_parity(folder / FACE_FILE, face, clip)
    entries["face"] = _entry(FACE_FILE, SPEC) | {"map": face_map_hash()}
    return entries, FaceDrawing(Player(network), Face(torch_engine(face)))


def check_parity(model: Path, spec: EngineSpec, network: DeployedGenerator, clip: list[Conditioning]) -> int:
    """Run torch and ONNX Runtime over `clip`, each fed its own frames; returns the largest difference in levels.

    Raises TrainError when it is above PARITY_LEVELS.
    """
    player, worst = Player(network), 0
    engine = open_engine(model, spec, backend="onnxruntime", precision="fp32", threads=1)
    try:
        for conditioning in clip:
            ours = player.step(conditioning).astype(np.int16)
            theirs = engine.run(feeds_of(conditioning))["frame"][0]
            worst = max(worst, int(np.abs(ours - theirs).max()))
    finally:
        engine.close()
    return _near("network", worst, len(clip))


def check_face_parity(model: Path, network: DeployedFace, clip: list[Conditioning]) -> int:
    """Paint the dolls' faces in `clip` with torch and with ONNX Runtime; returns the largest difference in levels.

    Raises TrainError when it is above PARITY_LEVELS.
    """
    engine = open_engine(model, SPEC, backend="onnxruntime", precision="fp32", threads=1)
    faces, worst = (Face(torch_engine(network)), Face(engine)), 0
    try:
        for conditioning in clip:
            ours, theirs = (conditioning.doll.copy() for _ in faces)
            for face, picture in zip(faces, (ours, theirs), strict=True):
                face.paint(picture, conditioning)
            worst = max(worst, int(np.abs(ours.astype(np.int16) - theirs).max()))
    finally:
        engine.close()
    return _near("face network", worst, len(clip))


def _near(what: str, worst: int, frames: int) -> int:
    if worst > PARITY_LEVELS:
        raise TrainError(
            f"the exported {what} does not draw what the trained one draws",
            got=f"a difference of {worst} levels over {frames} frames",
            wanted=f"at most {PARITY_LEVELS}",
            do="report this, with the versions of torch and onnxruntime",
        )
    return worst


def _entry(file_name: str, spec: EngineSpec) -> dict[str, Any]:
    return {
        "file": file_name,
        "inputs": {tensor.name: list(tensor.shape) for tensor in spec.inputs},
        "outputs": {tensor.name: list(tensor.shape) for tensor in spec.outputs},
    }


def _training(checkpoint: Checkpoint | None) -> dict[str, Any]:
    if checkpoint is None:
        return {"steps": 0}
    settings = checkpoint.config.to_json()
    for place in ("dataset", "begin_from", "teacher"):
        settings[place] = Path(settings[place]).name  # a path on this machine means nothing elsewhere
    settings["perceptual"] = settings["perceptual"].partition(":")[0]
    return {"steps": checkpoint.steps_done, "minutes": round(checkpoint.elapsed_s / 60, 1), "settings": settings}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"

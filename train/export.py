"""Run -> target bundle: the averaged generator as ONNX, checked against torch in closed loop, and what live needs."""

import io
import logging
import shutil
import tempfile
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from engines.base import EngineSpec, TensorSpec
from engines.bundle import open_bundle, write_manifest
from engines.choose import open_engine
from engines.errors import EngineError
from live.puppet.fingerprint import fingerprint
from live.puppet.values import Conditioning
from train import sheet
from train.checkpoint import Checkpoint, load_checkpoint
from train.dataset import Dataset, open_dataset
from train.errors import TrainError
from train.evaluate import Player, averaged_generator
from train.idle import idle_loop
from train.networks import CELL, CHANNELS, DeployedGenerator
from train.take import Take

U8 = NDArray[np.uint8]
OPSET = 18  # TensorRT 10.0 takes 9 to 20
PARITY_FRAMES = 30
PARITY_LEVELS = 2  # of 255: rounding may differ by one and come back in
LARGEST_MB = 20
TOOLS = ("torch", "onnx", "onnxruntime", "numpy", "mediapipe")


def export_run(run_folder: Path, out: Path, *, title: str = "", licence: str = "") -> Path:
    """Write the bundle of a trained run to `out`, complete or not at all; an old one there is replaced. Returns `out`.

    Raises TrainError, and leaves `out` as it was, when the ONNX file does not draw what torch draws.
    """
    checkpoint = load_checkpoint(run_folder)
    dataset = open_dataset(Path(checkpoint.config.dataset))
    if checkpoint.fingerprint != fingerprint(dataset.config):
        raise TrainError(
            "the run was trained on another puppet than its data set holds now",
            got=fingerprint(dataset.config),
            wanted=checkpoint.fingerprint,
            do="train again on the new data set",
        )
    return _export(dataset, out, checkpoint, title=title, licence=licence)


def export_doll(dataset_folder: Path, out: Path, *, title: str = "", licence: str = "") -> Path:
    """Write a bundle without any network: the bare doll moves. Otherwise as `export_run`."""
    return _export(open_dataset(dataset_folder), out, None, title=title, licence=licence)


def _export(dataset: Dataset, out: Path, checkpoint: Checkpoint | None, *, title: str, licence: str) -> Path:
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    except OSError as error:
        raise TrainError("the bundle cannot be written", got=str(error), do="choose another --out") from error
    try:
        partial.chmod(0o755)  # mkdtemp makes it private; a bundle is to be shared
        manifest = _fill(dataset, partial, checkpoint)
        manifest |= {
            "name": out.name,
            "title": title or dataset.name,
            "licence": licence or "not stated: ask its maker",
        }
        write_manifest(partial, manifest)
        open_bundle(partial)
        _put(partial, out)
    except (OSError, EngineError) as error:
        raise TrainError(
            "the bundle cannot be written", got=str(error), do="make room on the disk, or choose another --out"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    size = sum(path.stat().st_size for path in out.iterdir()) / 1e6
    print(f"target bundle: {out}, {size:.1f} MB" + (f" (more than {LARGEST_MB} MB)" if size > LARGEST_MB else ""))
    return out


def _fill(dataset: Dataset, folder: Path, checkpoint: Checkpoint | None) -> dict[str, Any]:
    """Write every file but the manifest; returns the manifest, less name, title and licence."""
    shutil.copyfile(dataset.folder / "atlas.npz", folder / "atlas.npz")
    takes = {}
    for take in dataset.takes.values():
        plate = f"plate_{take.name}.jpg"
        sheet.write_picture(folder / plate, take.plate)
        takes[take.name] = {"plate": plate, "stats": take.stats.to_json()}
    take = dataset.takes.get("full") or next(iter(dataset.takes.values()))
    with (folder / "idle.npz").open("wb") as file:
        np.savez_compressed(file, **idle_loop(take, dataset.fps))
    generators, player = {}, None
    if checkpoint is not None and checkpoint.steps_done > 0:
        network = DeployedGenerator(averaged_generator(checkpoint)).eval()
        file_name = f"generator.{checkpoint.config.preset}.onnx"
        (folder / file_name).write_bytes(to_onnx(network, dataset.canvas, checkpoint.pose_map_channels))
        spec = engine_spec(dataset.canvas, checkpoint.pose_map_channels)
        check_parity(folder / file_name, spec, network, _parity_clip(dataset, take))
        generators[checkpoint.config.preset] = _entry(file_name, spec)
        player = Player(network)
    sheet.write_picture(folder / "poster.jpg", poster(dataset, take, player))
    return {
        "canvas": list(dataset.canvas),
        "fps": dataset.fps,
        "estimator": dataset.estimator,
        "puppet": dataset.config.to_json(),
        "fingerprint": fingerprint(dataset.config),
        "takes": takes,
        "generators": generators,
        "atlas": "atlas.npz",
        "idle": "idle.npz",
        "poster": "poster.jpg",
        "tools": {name: _version(name) for name in TOOLS},
        "training": _training(checkpoint),
    }


def engine_spec(canvas: tuple[int, int], pose_map_channels: int) -> EngineSpec:
    """The tensors of the exported generator for a canvas (width, height)."""
    width, height = canvas
    picture = (1, height, width, CHANNELS)
    return EngineSpec(
        inputs=(
            TensorSpec("pose_map", (1, height // CELL, width // CELL, pose_map_channels)),
            TensorSpec("doll", picture),
            TensorSpec("previous", picture),
        ),
        outputs=(TensorSpec("frame", picture),),
        state=(("frame", "previous"),),
    )


def to_onnx(network: DeployedGenerator, canvas: tuple[int, int], pose_map_channels: int) -> bytes:
    """The network as one ONNX file: opset 18, fixed shapes, uint8 in and out."""
    spec = engine_spec(canvas, pose_map_channels)
    inputs = tuple(torch.zeros(tensor.shape, dtype=torch.uint8) for tensor in spec.inputs)
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # it warns that torchvision, which nobody needs, is absent
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own code
        program = torch.onnx.export(
            network,
            inputs,
            input_names=[tensor.name for tensor in spec.inputs],
            output_names=[tensor.name for tensor in spec.outputs],
            opset_version=OPSET,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    assert program is not None
    _forget_origin(program.model)
    buffer = io.BytesIO()
    program.save(buffer)
    return buffer.getvalue()


def _forget_origin(model: Any) -> None:
    """Delete the exporter's notes on where each node came from: they quote paths of this machine."""
    graph = model.graph
    values = [value for node in graph for value in node.outputs]
    for part in (model, graph, *graph, *graph.inputs, *graph.initializers.values(), *values):
        part.metadata_props.clear()
        part.doc_string = None


def check_parity(model: Path, spec: EngineSpec, network: DeployedGenerator, clip: list[Conditioning]) -> int:
    """Run torch and ONNX Runtime over `clip`, each on its own frames; the largest difference in levels.

    Raises TrainError when it is above PARITY_LEVELS.
    """
    player, worst = Player(network), 0
    engine = open_engine(model, spec, backend="onnxruntime", precision="fp32", threads=1)
    try:
        for conditioning in clip:
            ours = player.step(conditioning).astype(np.int16)
            theirs = engine.run({"pose_map": conditioning.pose_map[None], "doll": conditioning.doll[None]})["frame"][0]
            worst = max(worst, int(np.abs(ours - theirs).max()))
    finally:
        engine.close()
    if worst > PARITY_LEVELS:
        raise TrainError(
            "the exported network does not draw what the trained one draws",
            got=f"a difference of {worst} levels over {len(clip)} frames",
            wanted=f"at most {PARITY_LEVELS}",
            do="report this, with the versions of torch and onnxruntime",
        )
    return worst


def poster(dataset: Dataset, take: Take, player: Player | None) -> U8:
    """The picture that stands for the target: the first best-trusted frame of the held-out part, as live draws it."""
    trust = take.weight[take.held_out.start : take.held_out.stop]
    best = take.held_out.start + int(np.argmax(trust))
    drawn = dataset.draw(take.placed(best, refined=False))
    picture = drawn.doll
    for _ in range(5):  # the first frame of a sequence is made from nothing
        picture = picture if player is None else player.step(drawn)
    return sheet.over(picture, take.plate)


def _parity_clip(dataset: Dataset, take: Take) -> list[Conditioning]:
    first = take.held_out.start
    return [dataset.draw(take.placed(i, refined=False)) for i in range(first, min(first + PARITY_FRAMES, len(take)))]


def _entry(file_name: str, spec: EngineSpec) -> dict[str, Any]:
    return {
        "file": file_name,
        "inputs": {tensor.name: list(tensor.shape) for tensor in spec.inputs},
        "outputs": {tensor.name: list(tensor.shape) for tensor in spec.outputs},
        "state": dict(spec.state),
    }


def _training(checkpoint: Checkpoint | None) -> dict[str, Any]:
    if checkpoint is None:
        return {"steps": 0}
    settings = checkpoint.config.to_json()
    settings["dataset"] = Path(settings["dataset"]).name  # a path of this machine says nothing elsewhere
    settings["perceptual"] = settings["perceptual"].partition(":")[0]
    return {"steps": checkpoint.steps_done, "minutes": round(checkpoint.elapsed_s / 60, 1), "settings": settings}


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _put(partial: Path, out: Path) -> None:
    """Put the finished folder in its place; the old one goes only when the new one is there."""
    old = out.with_name(f".{out.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    if out.exists():
        out.rename(old)
    partial.rename(out)
    shutil.rmtree(old, ignore_errors=True)

"""The run folder's `face.pt`: the face network, and everything its training needs to continue."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.system.json_file import parse_json
from live.puppet.drawing.face_map import face_map_hash
from train.errors import TrainError
from train.networks.face_network import FaceGenerator
from train.training.checkpoint import Checkpoint
from train.training.field import is_version, seconds, shown, table, text, whole
from train.training.tensor_file import read_tensors, write_tensors

NAME = "face.pt"
VERSION = 1
AGAIN = "delete face.pt and train the face again: python -m train face RUN"


@dataclass(frozen=True, slots=True)
class FaceCheckpoint:
    """One moment of the face's training. `generator`: `generator_hash` of the one whose faces it improves.

    `trainer`: `FaceTrainer.state()`. `data`: `FacePairs.state()`, plain JSON values.
    """

    steps_done: int
    elapsed_s: float
    generator: str
    trainer: dict[str, Any]
    data: Any


def generator_hash(checkpoint: Checkpoint) -> str:
    """16 hexadecimal digits of the averaged generator's weights."""
    digest = hashlib.sha256()
    for name, tensor in sorted(checkpoint.trainer["average"].items()):
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


def save_face(folder: Path, face: FaceCheckpoint) -> None:
    """Write `face.pt`, whole or not at all. Raises TrainError when it cannot be written."""
    values = {
        "version": VERSION,
        "map": face_map_hash(),
        "steps_done": face.steps_done,
        "elapsed_s": face.elapsed_s,
        "generator": face.generator,
        "trainer": face.trainer,
        "data": json.dumps(face.data),
    }
    write_tensors(folder / NAME, values)


def load_face(folder: Path) -> FaceCheckpoint | None:
    """`face.pt` of a run folder, or None. Raises TrainError if it is damaged or of another version."""
    path = folder / NAME
    if not path.is_file():
        return None
    values = read_tensors(path)
    version, face_map = values.get("version"), values.get("map")
    if not is_version(version, VERSION) or not isinstance(face_map, str) or face_map != face_map_hash():
        raise TrainError(
            f"the face network is of another version: {path}",
            got=f"version {shown(version)}, face map {shown(face_map)}",
            wanted=f"version {VERSION}, face map {face_map_hash()}",
            do=AGAIN,
        )
    try:
        return FaceCheckpoint(
            steps_done=whole(values, "steps_done"),
            elapsed_s=seconds(values, "elapsed_s"),
            generator=text(values, "generator"),
            trainer=table(values, "trainer"),
            data=parse_json(values["data"]),
        )
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise TrainError(f"a damaged file: {path}", got=str(error), do=AGAIN) from error


def averaged_face(folder: Path, checkpoint: Checkpoint) -> FaceGenerator | None:
    """The face network of a run with its averaged weights; None if it has none.

    Raises TrainError if it cannot be read, or was trained on a different generator from that of `checkpoint`.
    """
    face = load_face(folder)
    if face is None:
        return None
    if face.generator != generator_hash(checkpoint):
        raise TrainError(
            "the face network was trained on a different generator from this run's",
            got=face.generator,
            wanted=generator_hash(checkpoint),
            do=AGAIN,
        )
    network = FaceGenerator()
    try:
        network.load_state_dict(face.trainer["average"])
    except (LookupError, RuntimeError, TypeError, AttributeError) as error:
        raise TrainError("the face network has other layers", got=str(error).splitlines()[0], do=AGAIN) from error
    return network.requires_grad_(False).eval()

"""`open_drawings`: every way to draw with a trained run, by name."""

from pathlib import Path

from train.networks.player import DOLL, NETWORK, WITH_FACE, WITHOUT_FEEDBACK, DollDrawing, Drawing, FaceDrawing, Player
from train.networks.presets import BASELINE
from train.training import face
from train.training.checkpoint import Checkpoint, deployed


def open_drawings(folder: Path, checkpoint: Checkpoint, *, steady: bool = False) -> dict[str, Drawing]:
    """Every way to draw with the run in `folder`: the doll, the network, and that with its face network if any.

    `steady`: also the network without its previous frame, to see what the feedback is worth.
    """
    network, config = deployed(checkpoint), checkpoint.config
    drawings: dict[str, Drawing] = {DOLL: DollDrawing(), NETWORK: Player(network)}
    if steady and config.temporal and config.preset != BASELINE:
        drawings[WITHOUT_FEEDBACK] = Player(network, feedback=False)
    if (painter := face.open_face(folder)) is not None:
        drawings[WITH_FACE] = FaceDrawing(Player(network), painter)
    return drawings

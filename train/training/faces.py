"""Faces as the finished generator draws them, beside the real ones: what the face network learns from."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engines.arrays import U8
from live.puppet import topology as T
from live.puppet.drawing.face_map import CHANNELS, EYES, SIDE, draw_face_map
from live.render.face import crop_face, face_share, square_of
from train.dataset.align import align
from train.dataset.dataset import Dataset
from train.dataset.rollouts import set_random_state
from train.dataset.take import Take
from train.networks.player import Player

SEGMENT = 60  # consecutive frames that are played for faces, ...
WARM_UP = 5  # ... after this many that only settle the generator's feedback
AS_LIVE = 4  # every fourth stretch has poses as live sees them, the others refined ones, as the generator had
SEEN_SHARE = 0.5  # `face_share` below which a head counts as seen from behind


@dataclass(frozen=True, slots=True)
class Faces:
    """N faces in memory. `face_map` (N, 128, 128, 9), `generated` and `real` (N, 128, 128, 4) uint8 RGBA; `side_px`
    (N,) float32: how large the crop is on the canvas; `weight` (N,) float32; `has_next` (N,) bool: the next one is the
    next frame of the same take.
    """

    face_map: U8
    generated: U8
    real: U8
    side_px: NDArray[np.float32]
    weight: NDArray[np.float32]
    has_next: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.weight)


def collect_faces(dataset: Dataset, player: Player, *, limit: int, held_out: bool) -> Faces:
    """Play the generator in closed loop over stretches spread evenly over the split, and cut out the faces.

    At most `limit` frames are played for faces (17 bytes a pixel: 0.28 MB each). Left out are frames of weight 0 or
    without a face box, heads from behind, and heads whose face was found elsewhere. Held-out faces have poses as live
    sees them, and the film as it is; for training, each real face is bent to the drawn one, as the film was to the
    doll: half a pixel of the canvas is two of a small face. Faces are cut with live's own code.
    """
    stretches = _stretches(dataset, limit, held_out=held_out)
    kept: list[tuple[U8, U8, U8]] = []
    places: list[tuple[int, int]] = []
    sides: list[float] = []
    weights: list[float] = []
    for number, (take, start, stop) in enumerate(tqdm(stretches, desc="play held-out" if held_out else "play faces")):
        player.reset()
        refined = not held_out and number % AS_LIVE > 0
        sequence = dataset.sequence(take, start, stop, refined=refined)
        for index, (conditioning, real) in enumerate(sequence, start):
            frame, square = player.step(conditioning), square_of(conditioning)
            fits = square is not None and face_share(conditioning) >= SEEN_SHARE and take.weight[index] > 0
            if square is None or not fits or index < start + WARM_UP:
                continue
            face_map = np.empty((SIDE, SIDE, CHANNELS), np.uint8)
            draw_face_map(conditioning.placed, square, face_map)
            if conditioning.placed.scores[T.FACE].any() and not face_map[..., EYES].any():
                continue  # the face was found outside the head: one of the two is wrong
            drawn, film = crop_face(frame, square), crop_face(real, square)
            kept.append((face_map, drawn, film if held_out else align(drawn, film)))
            places.append((number, index))
            sides.append(square.side)
            weights.append(float(take.weight[index]))
    has_next = np.array([(number, index + 1) in places[i + 1 : i + 2] for i, (number, index) in enumerate(places)])
    side_px, weight = np.array(sides, np.float32), np.array(weights, np.float32)
    return Faces(*_stacked(kept), side_px, weight, has_next.astype(np.bool_))


def _stretches(dataset: Dataset, limit: int, *, held_out: bool) -> list[tuple[Take, int, int]]:
    """(take, first frame, end) of each stretch to play, warm-up included; none overlaps another."""
    found = []
    splits = [(take, take.held_out if held_out else take.trained_on) for take in dataset.takes.values()]
    total = sum(len(frames) for _, frames in splits)
    for take, frames in splits:
        length = min(SEGMENT + WARM_UP, len(frames))
        wanted = max(1, round(limit / SEGMENT * len(frames) / total))
        count = min(wanted, len(frames) // length if length else 0)
        found += [(take, int(s), int(s) + length) for s in np.linspace(frames.start, frames.stop - length, count)]
    return found


def _stacked(kept: list[tuple[U8, U8, U8]]) -> tuple[U8, U8, U8]:
    shapes = [(SIDE, SIDE, CHANNELS), (SIDE, SIDE, 4), (SIDE, SIDE, 4)]
    columns = [np.empty((len(kept), *shape), np.uint8) for shape in shapes]
    for i, row in enumerate(kept):
        for column, picture in zip(columns, row, strict=True):
            column[i] = picture
    return columns[0], columns[1], columns[2]


@dataclass(frozen=True, slots=True)
class FaceBatch:
    """B pairs of consecutive faces, each array as in `Faces` with (B, 2, ...) in front; `weight` (B,)."""

    face_map: U8
    generated: U8
    real: U8
    side_px: NDArray[np.float32]
    weight: NDArray[np.float32]


class FacePairs:
    """Endless random batches of pairs. Seeded; its state can be saved."""

    def __init__(self, faces: Faces, *, batch: int, seed: int) -> None:
        self._faces, self._batch = faces, batch
        self._starts = np.flatnonzero(faces.has_next)
        self._rng = np.random.default_rng(seed)

    def sample(self) -> FaceBatch:
        """The next batch; its arrays are the caller's."""
        first = self._starts[self._rng.integers(len(self._starts), size=self._batch)]
        both = np.stack([first, first + 1], 1)
        faces = self._faces
        weight = faces.weight[both].min(axis=1)
        pictures = faces.face_map[both], faces.generated[both], faces.real[both]
        return FaceBatch(*pictures, faces.side_px[both], weight)

    def state(self) -> dict[str, Any]:
        """The random state, for a checkpoint."""
        return dict(self._rng.bit_generator.state)

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from a saved state. Raises TrainError for anything else."""
        set_random_state(self._rng, state)

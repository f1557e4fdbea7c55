"""The random rollouts that training draws from a dataset."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, U8
from live.puppet import topology as T
from live.puppet.config import POSE_MAP_SHRINK
from live.puppet.drawing.pose_map import CHANNELS
from live.puppet.topology import BODY
from live.puppet.values import Conditioning, PlacedPose
from train.dataset.align import align
from train.dataset.dataset import Dataset
from train.dataset.disturbance import ZOOM_SHARE, ZOOMS, Stretch, draw_stretch, zoomed
from train.dataset.share import WHOLE, Share
from train.dataset.take import Take
from train.errors import TrainError

SHIFT_PX = 24.0  # standard deviation of a crop's centre from the joint it is laid on
SPOTS = 3  # face, right hand, left hand: as in train/networks/discriminator.py
# A hand's middle lies this share of the forearm beyond the wrist (OpenPose, handDetector.cpp).
BEYOND_WRIST = 0.33


@dataclass(frozen=True, slots=True)
class Batch:
    """Training rollouts. pose_map (B, T, h/4, w/4, C), doll and real (B, T, h, w, 4) RGBA, all uint8.

    In `real`, A is the matte and RGB the video's own picture, background included, bent to the doll
    (`train.dataset.align`). `spots` (B, T, 3, 2) float32: the middle of face, right and left hand, px in the crop, x
    then y; NaN where it is not seen there. `weight` (B,) float32 0..1.
    """

    pose_map: U8
    doll: U8
    real: U8
    spots: F32
    weight: F32


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One rollout before it is drawn. `corner`: left and top of the crop, px; shown `zoom` times as large about
    `centre`.
    """

    take: Take
    stretch: Stretch
    corner: tuple[int, int]
    zoom: float
    centre: NDArray[np.float64]


def set_random_state(rng: np.random.Generator, state: Any) -> None:
    """Let `rng` continue from its saved `bit_generator.state`. Raises TrainError for anything else."""
    try:
        rng.bit_generator.state = state
    except (TypeError, ValueError, LookupError, ArithmeticError, AttributeError) as error:
        raise TrainError(
            "the checkpoint's random state is damaged", got=f"{state!r:.80}", do="start a new run"
        ) from error


class RandomBatches(ABC):
    """Endless random batches of `length` frames in order. Seeded; the state can be saved.

    Every process draws the random numbers of the whole batch, and so keeps the same state as all others.
    """

    def __init__(self, *, length: int, batch: int, crop: tuple[int, int], seed: int) -> None:
        self.length, self._batch, self._crop = length, batch, crop
        self._rng = np.random.default_rng(seed)

    def state(self) -> dict[str, Any]:
        """The random state, for a checkpoint."""
        return dict(self._rng.bit_generator.state)

    def load_state(self, state: dict[str, Any]) -> None:
        """Continue from a saved state. Raises TrainError for anything else."""
        set_random_state(self._rng, state)

    def sample(self, share: Share = WHOLE) -> Batch:
        """The next batch, or one process's share of it; its arrays are the caller's."""
        (width, height), shrink = self._crop, POSE_MAP_SHRINK
        rows, length = share.of(self._batch), self.length
        count = len(rows)
        batch = Batch(
            pose_map=np.zeros((count, length, height // shrink, width // shrink, CHANNELS), np.uint8),
            doll=np.empty((count, length, height, width, 4), np.uint8),
            real=np.empty((count, length, height, width, 4), np.uint8),
            spots=np.full((count, length, SPOTS, 2), np.nan, np.float32),
            weight=np.ones(count, np.float32),
        )
        for b in range(self._batch):
            chosen = self._choose()
            if b in rows:
                self._fill(batch, b - rows.start, chosen)
        return batch

    @abstractmethod
    def _choose(self) -> Any:
        """Everything random about the next rollout."""

    @abstractmethod
    def _fill(self, batch: Batch, b: int, chosen: Any) -> None:
        """Draw what was chosen into row `b`."""


class Rollouts(RandomBatches):
    """Endless random training rollouts: `length` frames in order, cropped around the figure. Seeded; the state can be
    saved.

    Held-out frames are never drawn, or with `held_out` only they are; frames of weight 0 never are. A rollout's weight
    is that of its least trusted frame.
    """

    def __init__(
        self,
        dataset: Dataset,
        *,
        length: int,
        batch: int,
        crop: tuple[int, int] = (256, 384),
        seed: int = 0,
        held_out: bool = False,
    ) -> None:
        super().__init__(length=length, batch=batch, crop=crop, seed=seed)
        self._dataset = dataset
        self._takes = list(dataset.takes.values())
        self._splits = [take.held_out if held_out else take.trained_on for take in self._takes]
        self._chances = [self._chance(take, split) for take, split in zip(self._takes, self._splits, strict=True)]
        totals = np.array([c.sum() for c in self._chances])
        if totals.sum() <= 0:
            raise TrainError(
                "no frame can be trained on",
                got="no pose in the videos can be trusted",
                do="film again in better light",
            )
        self._take_chance = totals / totals.sum()

    def _chance(self, take: Take, split: range) -> NDArray[np.float64]:
        """1 for each frame where a rollout may start, 0 where it would leave the split or meet a pose of weight 0."""
        chance = np.zeros(len(take), np.float64)
        stop = split.stop - self.length + 1
        if stop > split.start:
            windows = np.lib.stride_tricks.sliding_window_view(take.weight[split.start : split.stop], self.length)
            chance[split.start : stop] = windows.min(axis=1) > 0
        return chance

    def _choose(self) -> "_Chosen":
        number = int(self._rng.choice(len(self._takes), p=self._take_chance))
        take, chance = self._takes[number], self._chances[number]
        start = int(self._rng.choice(len(chance), p=chance / chance.sum()))
        stretch = draw_stretch(take, start, self.length, self._splits[number].stop, self._rng)
        corner = self._corner(take, start)
        return _Chosen(take, stretch, corner, *self._zoom(corner))

    def _fill(self, batch: Batch, b: int, chosen: "_Chosen") -> None:
        take, stretch, corner = chosen.take, chosen.stretch, chosen.corner
        zoom, centre = chosen.zoom, chosen.centre
        batch.weight[b] = take.weight[list(stretch.frames)].min()
        x, y = corner
        width, height = self._crop
        shrink = POSE_MAP_SHRINK
        drawn: Conditioning | None = None
        for t, (frame, pose) in enumerate(zip(stretch.frames, stretch.poses, strict=True)):
            shown = pose if zoom == 1 else zoomed(pose, zoom, centre)
            drawn = self._dataset.draw(shown, drawn)
            batch.pose_map[b, t] = drawn.pose_map[
                y // shrink : (y + height) // shrink, x // shrink : (x + width) // shrink
            ]
            batch.doll[b, t] = drawn.doll[y : y + height, x : x + width]
            film = cut(take.frames[frame], corner, self._crop, zoom, centre)
            batch.real[b, t] = align(batch.doll[b, t], film)
            batch.spots[b, t] = find_spots(shown, corner, self._crop)

    def _zoom(self, corner: tuple[int, int]) -> tuple[float, NDArray[np.float64]]:
        """How many times larger this rollout is shown (1 where the picture is too small), and about which point."""
        centre = np.array(corner, np.float64) + np.array(self._crop) / 2
        wanted, zoom = self._rng.random() < ZOOM_SHARE, float(np.exp(self._rng.uniform(*np.log(ZOOMS))))
        reach = np.array(self._crop) / 2 / zoom
        fits = (centre - reach >= 0).all() and (centre + reach <= self._dataset.canvas).all()
        return (zoom if wanted and fits else 1.0), centre

    def _corner(self, take: Take, index: int) -> tuple[int, int]:
        """Left and top of a crop laid on a random joint of the body; multiples of the pose map's shrink."""
        seen = np.flatnonzero(take.scores[index, BODY] > 0)
        joint = int(self._rng.choice(seen)) if len(seen) else 0
        centre = take.placed_px[index, joint] + self._rng.normal(0, SHIFT_PX, 2)
        corner = []
        for at, side, whole in zip(centre, self._crop, self._dataset.canvas, strict=True):
            low = int(min(max(at - side / 2, 0), whole - side))
            corner.append(low // POSE_MAP_SHRINK * POSE_MAP_SHRINK)
        return corner[0], corner[1]


def cut(frame: U8, corner: tuple[int, int], crop: tuple[int, int], zoom: float, centre: NDArray[np.float64]) -> U8:
    """The window of (width, height) `crop` at `corner` of a frame (H, W, 4), shown `zoom` times as large about
    `centre`.
    """
    (x, y), (width, height) = corner, crop
    if zoom == 1:
        return frame[y : y + height, x : x + width]
    # Pixel (i, j) of the window has its middle at corner + (i, j) + 0.5; OpenCV puts middles at whole numbers.
    offset = (np.array(corner) + 0.5 - centre) / zoom + centre - 0.5
    matrix = np.array([[1 / zoom, 0, offset[0]], [0, 1 / zoom, offset[1]]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(np.asarray(frame), matrix, crop, flags=flags), np.uint8)


def find_spots(pose: PlacedPose, corner: tuple[int, int], crop: tuple[int, int]) -> F32:
    """(3, 2) float32: the middle of face, right and left hand in the window; NaN where not seen, or outside it."""
    points, scores = pose.points_px, pose.scores
    spots = np.full((SPOTS, 2), np.nan, np.float32)
    if scores[T.NOSE] > 0:
        spots[0] = points[T.NOSE]
    for row, (elbow, wrist) in ((1, (T.R_ELBOW, T.R_WRIST)), (2, (T.L_ELBOW, T.L_WRIST))):
        if min(scores[elbow], scores[wrist]) > 0:
            spots[row] = points[wrist] + BEYOND_WRIST * (points[wrist] - points[elbow])
    spots -= np.array(corner, np.float32)
    outside = ~((spots >= 0) & (spots < np.array(crop))).all(axis=1)
    spots[outside] = np.nan
    return spots

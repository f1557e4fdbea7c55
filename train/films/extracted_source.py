"""What watching a source gives: a pose for every frame, and the frames with their mattes on the canvas."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from engines.arrays import U8, Bool
from live.puppet.values import Pose
from train.errors import TrainError
from train.films.video import VideoInfo

MIN_FRAMES = 100


@dataclass(frozen=True, slots=True)
class ExtractedSource:
    """One source, watched once. `poses`: one per frame, in pixels of its pictures, `Pose.empty` where nobody is.
    `frames`: the path of frames.npy, (N, H, W, 4) uint8 with the matte as alpha; plate.png lies beside it.
    `estimator`: what found the poses, by name. `several`: (N,) bool, more than one person is in the picture.
    `continuous`: the frames follow each other in time. `unread`: (N,) bool, frames whose pose was not given."""

    poses: list[Pose]
    frames: Path
    estimator: str
    several: Bool
    continuous: bool
    unread: Bool


class FilmSource(Protocol):
    """Something that shows the character: a video, or a folder of pictures with poses."""

    @property
    def title(self) -> str:
        """Its name in messages."""
        ...

    def probe(self) -> VideoInfo:
        """Its size and frame rate. Raises TrainError when it cannot be used."""
        ...

    def watch(self, info: VideoInfo, folder: Path, canvas_px: tuple[int, int]) -> ExtractedSource:
        """Watch it; frames.npy and plate.png are written to `folder`. Raises TrainError."""
        ...

    def made_from(self) -> dict[str, str]:
        """What it was made from: name -> SHA-256."""
        ...


class FrameFile:
    """`frames.npy`, written frame by frame: its header gets the right count at the end."""

    def __init__(self, path: Path, canvas_px: tuple[int, int]) -> None:
        self.path, self._canvas, self._count = path, canvas_px, 0
        self._file = path.open("wb")
        self._write_header()

    def __enter__(self) -> "FrameFile":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def append(self, rgb: U8, matte: U8) -> None:
        """One frame: (H, W, 3) and (H, W) uint8."""
        self._file.write(np.dstack([rgb, matte]).tobytes())
        self._count += 1

    def close(self) -> None:
        """Write the count and close the file."""
        with self._file:
            self._write_header()

    def _write_header(self) -> None:
        """Write it at the file's start; numpy pads the header so that a longer count fits in later."""
        self._file.seek(0)
        header = {"descr": "|u1", "fortran_order": False, "shape": (self._count, self._canvas[1], self._canvas[0], 4)}
        np.lib.format.write_array_header_2_0(self._file, header)  # type: ignore[no-untyped-call, unused-ignore]


def require_people(poses: list[Pose], title: str) -> None:
    """Raise TrainError when too few of the poses show anybody."""
    usable = sum(pose.in_view for pose in poses)
    if usable < MIN_FRAMES:
        raise TrainError(
            f"too little to learn from in {title}",
            got=f"{usable} frames with a person, of {len(poses)}",
            wanted=f"at least {MIN_FRAMES}, better 3,000",
            do="film one person, whole and well lit, for a minute or more",
        )

"""A folder of pictures of the target with a pose for each: `images/` and OpenPose JSON of the same names in
`keypoints/`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engines.bundle import sha256_of
from live.puppet import topology as T
from live.puppet.values import Pose
from train.errors import TrainError
from train.films.matte import PLATE_FRAMES, SelfieMatte, make_plate
from train.films.openpose import ESTIMATOR, read_openpose
from train.films.plain_ground import cut_from_ground, plain_plate
from train.films.video import Letterbox, VideoInfo
from train.films.watched import FrameFile, Watched, require_people
from train.report.sheet import write_picture

U8 = NDArray[np.uint8]
IMAGES, KEYPOINTS = "images", "keypoints"
ENDINGS = (".jpg", ".jpeg", ".png", ".bmp", ".webp")
# Mean way of the joints from picture to picture, in torso lengths: at 30 fps a dance has about 0.05, single poses 0.5.
ONE_MOTION = 0.25
APART_S = 1.0  # between pictures that do not follow each other: longer than any filter of the puppet remembers


@dataclass(frozen=True)
class Pictures:
    """A picture set. `root` holds `images/` and `keypoints/`. `fps`: how fast its pictures follow each other. `title`:
    its name in messages."""

    root: Path
    title: str
    fps: float = 30.0

    @cached_property
    def pairs(self) -> list[tuple[Path, Path | None]]:
        """Each picture, sorted by name, with its JSON or None."""
        found = {
            path.name.removesuffix(".json").removesuffix("_keypoints"): path
            for path in sorted((self.root / KEYPOINTS).glob("*.json"))
            if not path.name.startswith(".")
        }
        return [(path, found.get(path.stem)) for path in pictures_in(self.root / IMAGES)]

    def made_from(self) -> dict[str, str]:
        """All pictures and poses as one: folder name -> SHA-256 over their names and hashes."""
        digest = hashlib.sha256()
        for path in (path for pair in self.pairs for path in pair if path is not None):
            digest.update(f"{path.name} {sha256_of(path)}\n".encode())
        return {self.title: digest.hexdigest()}

    def probe(self) -> VideoInfo:
        """Size and number of the pictures. Raises TrainError for an empty folder, no JSON at all, or mixed sizes."""
        if not self.pairs:
            raise TrainError(f"no pictures in {self.root / IMAGES}", wanted="JPEG or PNG files", do="check the folder")
        if not any(json for _, json in self.pairs):
            raise TrainError(
                f"no picture of {self.title} has a pose",
                got=f"{len(self.pairs)} pictures, none with a JSON of its name in {KEYPOINTS}/",
                wanted=f"{self.pairs[0][0].stem}_keypoints.json, and so on",
            )
        size = one_size([path for path, _ in self.pairs])
        return VideoInfo(self.root, size, self.fps, len(self.pairs))

    def watch(self, info: VideoInfo, folder: Path, canvas_px: tuple[int, int]) -> Watched:
        """Read all poses, cut the figure out of all pictures. A picture without JSON shows nobody: it is thrown away.

        Raises TrainError for a JSON that is none, or when too few pictures show anybody.
        """
        poses, several = self._read_poses(info)
        require_people(poses, self.title)
        continuous = follow_each_other(poses)
        if not continuous:
            poses = [_at(pose, i * APART_S) for i, pose in enumerate(poses)]
        box, path = Letterbox.fit(info.size, canvas_px), folder / "frames.npy"
        plate = plain_plate([box.picture(image) for image in self._sample()])
        print(f"  {self.title}: " + ("plain ground" if plate is not None else "no plain ground: the figure is guessed"))
        frames = FrameFile(path, canvas_px)
        if plate is None:
            plate = self._write_guessed(frames, poses, box)
        else:
            for image in tqdm(self._images(), total=len(poses), desc=f"cut out {self.title}"):
                picture = box.picture(image)
                frames.append(picture, cut_from_ground(picture, plate))
        frames.close()
        write_picture(folder / "plate.png", plate)
        unread = np.array([json is None for _, json in self.pairs])
        return Watched(poses, path, ESTIMATOR, several, continuous, unread)

    def _read_poses(self, info: VideoInfo) -> tuple[list[Pose], NDArray[np.bool_]]:
        poses, several = [], np.zeros(len(self.pairs), np.bool_)
        for i, (_, json) in enumerate(self.pairs):
            if json is None:
                poses.append(Pose.empty(i, i / info.fps, info.size))
                continue
            found = read_openpose(json)
            # As for videos: what lies outside the picture is a guess.
            inside = (found.points_px >= 0).all(axis=1) & (found.points_px <= info.size).all(axis=1)
            scores = np.where(inside, found.scores, np.float32(0))
            poses.append(Pose(i, i / info.fps, found.points_px, np.zeros(T.K, np.float32), scores, info.size))
            several[i] = found.several
        return poses, several

    def _write_guessed(self, frames: FrameFile, poses: list[Pose], box: Letterbox) -> U8:
        """Cut the figures out by segmentation, before any ground. Returns the plate, as far as it can be known."""
        segmenter = SelfieMatte()
        kept: list[tuple[U8, U8]] = []
        every = max(1, len(poses) // PLATE_FRAMES)
        for i, image in enumerate(tqdm(self._images(), total=len(poses), desc=f"cut out {self.title}")):
            picture = box.picture(image)
            points = (poses[i].points_px * box.scale + np.array([box.dx, box.dy])).astype(np.float32)
            matte = segmenter.cut(picture, points, poses[i].scores)
            frames.append(picture, matte)
            if i % every == 0:
                kept.append((picture, matte))
        segmenter.close()
        return make_plate(*zip(*kept, strict=True))

    def _images(self) -> Iterator[U8]:
        return (read_rgb(path) for path, _ in self.pairs)

    def _sample(self) -> list[U8]:
        picked = np.unique(np.linspace(0, len(self.pairs) - 1, PLATE_FRAMES).astype(int))
        return [read_rgb(self.pairs[i][0]) for i in picked]


def pictures_in(folder: Path) -> list[Path]:
    """The pictures that lie in a folder, sorted by name."""
    return sorted(p for p in folder.glob("*") if p.suffix.lower() in ENDINGS and not p.name.startswith("."))


def read_rgb(path: Path) -> U8:
    """(H, W, 3) uint8. Raises TrainError when the file is no picture."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise TrainError(f"not a picture: {path}", wanted="JPEG or PNG", do="remove it, or save it again")
    return np.ascontiguousarray(image[..., ::-1])


def one_size(paths: list[Path]) -> tuple[int, int]:
    """(width, height) that all pictures have. Raises TrainError when they differ."""
    sizes: dict[tuple[int, int], list[Path]] = {}
    for path in paths:
        height, width = read_rgb(path).shape[:2]
        sizes.setdefault((width, height), []).append(path)
    if len(sizes) > 1:
        (most, _), (other, odd) = sorted(sizes.items(), key=lambda item: -len(item[1]))[:2]
        raise TrainError(
            "pictures of several sizes",
            got=f"{odd[0].name} and {len(odd) - 1} more: {other[0]}x{other[1]}",
            wanted=f"{most[0]}x{most[1]}, as most have",
            do="scale or crop them to one size, their poses too",
        )
    return next(iter(sizes))


def follow_each_other(poses: list[Pose]) -> bool:
    """True when the poses are one motion, picture after picture; False for single poses in any order."""
    points = np.array([pose.points_px[T.BODY] for pose in poses])
    seen = np.array([pose.scores[T.BODY] for pose in poses]) > 0
    torso = np.linalg.norm(points[:, T.NECK] - points[:, T.MID_HIP], axis=1)[seen[:, T.NECK] & seen[:, T.MID_HIP]]
    both = seen[1:] & seen[:-1]
    if not len(torso) or not both.any():
        return True
    steps = np.linalg.norm(np.diff(points, axis=0), axis=2)
    means = [step[there].mean() for step, there in zip(steps, both, strict=True) if there.any()]
    return float(np.median(means)) < ONE_MOTION * float(np.median(torso))


def _at(pose: Pose, t_s: float) -> Pose:
    return Pose(pose.frame_id, t_s, pose.points_px, pose.depth_px, pose.scores, pose.image_size)

"""A folder of pictures of the target with a pose for each: `images/` and OpenPose JSON of the same names in
`keypoints/`.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engines.arrays import U8
from engines.bundle import sha256_of
from live.puppet import topology as T
from live.puppet.values import Pose
from live.sources.picture_files import NameKey, gaps, inside, is_litter, name_key, natural
from train.errors import TrainError
from train.films.extracted_source import ExtractedSource, FrameFile, require_people
from train.films.layout import keyed, pictures_of, subfolder
from train.films.matte import PLATE_FRAMES, SelfieMatte, make_plate
from train.films.openpose import ESTIMATOR, Person, are_normalised, read_openpose
from train.films.plain_ground import cut_from_ground, plain_plate
from train.films.survey import Seen, named, one_size, read_again, survey
from train.films.track import track
from train.films.video import Letterbox, VideoInfo
from train.report.sheet import write_picture

IMAGES, KEYPOINTS = "images", "keypoints"
# Mean motion of the joints from picture to picture, in torsos: at 30 fps a dance has about 0.05, single poses 0.5.
ONE_MOTION = 0.25
APART_S = 1.0  # between pictures that do not follow each other: longer than any of the puppet's filters remembers


@dataclass(frozen=True)
class PictureSet:
    """A picture set. `root` holds `images/` and `keypoints/`. `fps`: how fast its pictures follow each other. `title`:
    its name in messages."""

    root: Path
    title: str
    fps: float = 30.0

    @cached_property
    def listed(self) -> list[tuple[Path, Path | None]]:
        """Each picture, in order of name, with its JSON or None. Raises TrainError."""
        pictures, found = keyed(pictures_of(self._folder(IMAGES)), self.title), self._keypoints
        return [(path, found.get(key)) for key, path in pictures.items()]

    def _folder(self, name: str) -> Path:
        return subfolder(self.root, name) or self.root / name

    @cached_property
    def _keypoints(self) -> dict[NameKey, Path]:
        """Name of a picture -> JSON, in order of name."""
        found = (p for p in self._folder(KEYPOINTS).iterdir() if p.suffix.lower() == ".json" and not is_litter(p.name))
        return {name_key(path.stem.removesuffix("_keypoints")): path for path in sorted(found, key=natural)}

    @cached_property
    def people(self) -> dict[Path, list[Person]]:
        """Who is in each picture that has a JSON, by the JSON's path. Raises TrainError."""
        return {json: read_openpose(json) for _, json in self.listed if json is not None}

    @cached_property
    def seen(self) -> dict[Path, Seen]:
        """The pictures that can be read. Raises TrainError when none can."""
        return survey([path for path, _ in self.listed], self.title)

    @cached_property
    def pairs(self) -> list[tuple[Path, Path | None]]:
        """Like `listed`, without the pictures that cannot be read."""
        return [(path, json) for path, json in self.listed if path in self.seen]

    def made_from(self) -> dict[str, str]:
        """All pictures and poses in one entry: folder name -> SHA-256 over their names and hashes."""
        digest = hashlib.sha256()
        for path in (path for pair in self.pairs for path in pair if path is not None):
            digest.update(f"{path.name} {sha256_of(path)}\n".encode(errors="surrogateescape"))
        return {self.title: digest.hexdigest()}

    def probe(self) -> VideoInfo:
        """Size and number of the pictures; prints what is missing among them.

        Raises TrainError for an empty folder, no JSON at all, an invalid JSON or one not in pixels, or mixed sizes.
        """
        if not self.listed:
            folder = self._folder(IMAGES)
            raise TrainError(f"no pictures in {folder}", got=inside(folder), wanted="JPEG or PNG files")
        if not self.people:
            raise TrainError(
                f"no picture of {self.title} has a pose",
                got=f"{len(self.listed)} pictures, none with a JSON of its name in {KEYPOINTS}/: "
                + inside(self._folder(KEYPOINTS)),
                wanted=f"{self.listed[0][0].stem}_keypoints.json, and so on",
            )
        normalised = are_normalised(self.people.values(), self.title)
        size = one_size(self.seen)
        if normalised:
            print(f"  {self.title}: its points are normalised (0 to 1) and are scaled up to {size[0]}x{size[1]}")
        self._say_what_is_missing()
        return VideoInfo(self.root, size, self.fps, len(self.pairs))

    def watch(self, info: VideoInfo, folder: Path, canvas_px: tuple[int, int]) -> ExtractedSource:
        """Read all poses and cut the figure out of all pictures. A picture without JSON shows nobody: it gets weight 0.

        Raises TrainError for an invalid JSON, or when too few pictures show anybody.
        """
        poses, several = self._read_poses(info)
        require_people(poses, self.title)
        continuous = follow_each_other(poses)
        if not continuous:
            poses = [replace(pose, t_capture_s=i * APART_S) for i, pose in enumerate(poses)]
        box, path = Letterbox.fit(info.size, canvas_px), folder / "frames.npy"
        plate = plain_plate([box.picture(image) for image in self._sample()])
        print(
            f"  {self.title}: " + ("plain ground" if plate is not None else "no plain ground: the outline is guessed")
        )
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
        return ExtractedSource(poses, path, ESTIMATOR, several, continuous, unread)

    def _read_poses(self, info: VideoInfo) -> tuple[list[Pose], NDArray[np.bool_]]:
        """A pose for each picture, of the same person throughout; and which pictures show several people."""
        pictures = [self.people[json] if json else [] for _, json in self.pairs]
        if are_normalised(pictures, self.title):
            pictures = [[person.scaled(info.size) for person in people] for people in pictures]
        several = np.array([len(people) > 1 for people in pictures])
        if several.any():
            print(
                f"  {self.title}: {several.sum()} of {len(several)} pictures show several people and are left out; the "
                "same person is followed through all others"
            )
        poses = []
        for i, person in enumerate(track(pictures)):
            if person is None:
                poses.append(Pose.empty(i, i / info.fps, info.size))
                continue
            # As for videos, points outside the picture are guesses.
            inside_it = (person.points_px >= 0).all(axis=1) & (person.points_px <= info.size).all(axis=1)
            scores = np.where(inside_it, person.scores, np.float32(0))
            poses.append(Pose(i, i / info.fps, person.points_px, np.zeros(T.K, np.float32), scores, info.size))
        return poses, several

    def _say_what_is_missing(self) -> None:
        if missing := gaps([path for path, _ in self.listed]):
            print(f"  {self.title}: numbers are missing between its pictures (the gaps are closed): {missing}")
        alone = [json for json in self._keypoints.values() if json not in self.people]
        if alone:
            print(f"  {self.title}: {len(alone)} poses without a picture: {named(alone)}")

    def _write_guessed(self, frames: FrameFile, poses: list[Pose], box: Letterbox) -> U8:
        """Cut the figures out by segmentation, whatever the ground. Returns the plate, as far as it can be known."""
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
        return (read_again(path) for path, _ in self.pairs)

    def _sample(self) -> list[U8]:
        picked = np.unique(np.linspace(0, len(self.pairs) - 1, PLATE_FRAMES).astype(int))
        return [read_again(self.pairs[i][0]) for i in picked]


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

"""One video of the target, watched once: a pose for every frame, and the frames with their mattes on the canvas."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from tqdm import tqdm

from engines.arrays import U8
from engines.bundle import sha256_of
from live.estimator.choose import open_estimator
from live.puppet.values import Frame, Pose
from live.sources.picture_files import read_rgb
from train.errors import TrainError
from train.films.extracted_source import ExtractedSource, FrameFile, require_people
from train.films.matte import PLATE_FRAMES, SelfieMatte, camera_moves, make_plate, sharpen_matte
from train.films.video import Letterbox, VideoInfo, pair_by_beat, probe, read_frames
from train.report.sheet import write_picture

MOVING_CAMERA = 12.0  # grey levels between background and plate; above it the plate cannot sharpen the matte
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Film:
    """One video of the target, with its matte video and plate picture if the user has them."""

    video: Path
    matte: Path | None = None
    plate: Path | None = None

    @property
    def title(self) -> str:
        """Its name in messages."""
        return self.video.name

    def made_from(self) -> dict[str, str]:
        """The video, its matte and its plate: name -> SHA-256."""
        return {path.name: sha256_of(path) for path in (self.video, self.matte, self.plate) if path}

    def probe(self) -> VideoInfo:
        """Raises TrainError if it is not a video, or its matte or plate differs in size; CameraError if the plate is
        not a picture.
        """
        info = probe(self.video)
        sizes = {self.matte: probe(self.matte).size} if self.matte else {}
        if self.plate:
            plate = read_rgb(self.plate)
            sizes[self.plate] = plate.shape[1], plate.shape[0]
        for path, size in sizes.items():
            if size != info.size:
                raise TrainError(
                    f"{path.name} differs in size from {info.path.name}",
                    got=f"{size[0]}x{size[1]}",
                    wanted=f"{info.size[0]}x{info.size[1]}",
                    do="take matte and plate from the same film, uncropped",
                )
        return info

    def watch(self, info: VideoInfo, folder: Path, canvas_px: tuple[int, int]) -> ExtractedSource:
        """One pass over the video; poses are in its pixels. Writes frames.npy and plate.png to `folder`.

        While the pose of one frame is being found, the matte of the one before is cut. Raises TrainError when too few
        frames show a person.
        """
        box, frames = Letterbox.fit(info.size, canvas_px), FrameFile(folder / "frames.npy", canvas_px)
        segmenter = None if self.matte else SelfieMatte()
        estimator = open_estimator("auto", tqdm.write)
        poses: list[Pose] = []
        with ThreadPoolExecutor(1) as pool:
            written: Future[None] | None = None
            bar = tqdm(self._with_mattes(info), total=info.frames or None, desc=f"watch {self.title}")
            for frame, given in bar:
                pose = estimator.estimate(frame)
                poses.append(pose)
                if written is not None:
                    written.result()
                written = pool.submit(_write_frame, frames, frame.image, given, pose, box, segmenter)
            if written is not None:
                written.result()
        frames.close()
        estimator.close()
        if segmenter is not None:
            segmenter.close()
        require_people(poses, self.title)
        self._find_plate(frames.path, box)
        none = np.zeros(len(poses), np.bool_)
        return ExtractedSource(poses, frames.path, estimator.name, none, True, none)

    def _with_mattes(self, info: VideoInfo) -> Iterator[tuple[Frame, U8 | None]]:
        """Each frame with the film's own matte, (H, W) uint8, or None; frames that a matte video lacks are dropped."""
        if self.matte is None:
            yield from ((frame, None) for frame in read_frames(info))
        else:
            matte_info = probe(self.matte)
            for frame, matte in pair_by_beat(read_frames(info), info.fps, read_frames(matte_info), matte_info.fps):
                yield frame, np.ascontiguousarray(matte.image[..., 0])

    def _find_plate(self, path: Path, box: Letterbox) -> None:
        """Write plate.png beside the frames, given or found; sharpen guessed mattes with it, in place."""
        frames = np.load(path, mmap_mode="r+")
        picked = np.unique(np.linspace(0, len(frames) - 1, PLATE_FRAMES).astype(int))
        pictures = [np.array(frames[i, ..., :3]) for i in picked]
        mattes = [np.array(frames[i, ..., 3]) for i in picked]
        if self.plate:
            plate = box.picture(read_rgb(self.plate))
        else:
            plate = make_plate(pictures, mattes)
        if self.matte is None and camera_moves(pictures, mattes, plate) <= MOVING_CAMERA:
            with ThreadPoolExecutor(WORKERS) as pool:
                list(pool.map(lambda i: _sharpen(frames, i, plate), range(len(frames))))
        write_picture(path.with_name("plate.png"), plate)
        frames.flush()


def _write_frame(
    frames: FrameFile, image: U8, given: U8 | None, pose: Pose, box: Letterbox, segmenter: SelfieMatte | None
) -> None:
    picture = box.picture(image)
    if segmenter is None:
        assert given is not None
        matte = box.picture(given, border=cv2.BORDER_CONSTANT)
    else:
        points = (pose.points_px * box.scale + np.array([box.dx, box.dy])).astype(np.float32)
        matte = segmenter.cut(picture, points, pose.scores)
    frames.append(picture, matte)


def _sharpen(frames: U8, index: int, plate: U8) -> None:
    frame = np.array(frames[index])
    frames[index, ..., 3] = sharpen_matte(frame[..., :3], np.ascontiguousarray(frame[..., 3]), plate)

"""One video of the target, watched once: a pose for every frame, and the frames with their matte on the canvas."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from live.estimator import HolisticEstimator
from live.puppet.values import Frame, Pose
from train.errors import TrainError
from train.matte import PLATE_FRAMES, SelfieMatte, camera_moves, make_plate, sharpen_matte
from train.video import Letterbox, VideoInfo, probe, read_frames

U8 = NDArray[np.uint8]
MIN_FRAMES = 100
MOVING_CAMERA = 12.0  # grey levels that the background differs from the plate
WORKERS = 2


@dataclass(frozen=True, slots=True)
class Film:
    """One video of the target, with its matte video and plate picture where the user has them."""

    video: Path
    matte: Path | None = None
    plate: Path | None = None


def probe_film(film: Film) -> VideoInfo:
    """The video of a film. Raises TrainError when it is none, or its matte or plate are missing or of another size."""
    info = probe(film.video)
    sizes = {film.matte: probe(film.matte).size} if film.matte else {}
    if film.plate:
        plate = cv2.imread(str(film.plate))
        if plate is None:
            raise TrainError(f"the plate is not a picture: {film.plate}", wanted="PNG or JPEG")
        sizes[film.plate] = plate.shape[1], plate.shape[0]
    for path, size in sizes.items():
        if size != info.size:
            raise TrainError(
                f"{path.name} has another size than {info.path.name}",
                got=f"{size[0]}x{size[1]}",
                wanted=f"{info.size[0]}x{info.size[1]}",
                do="take matte and plate from the same film, uncropped",
            )
    return info


def watch(film: Film, info: VideoInfo, folder: Path, canvas_px: tuple[int, int]) -> tuple[list[Pose], Path]:
    """One pass over the video. Writes frames.npy, (N, H, W, 4) uint8 with the matte as alpha, and plate.png to
    `folder`.

    Returns the poses, one a frame, in pixels of the video, and the path of frames.npy. While the pose of one frame is
    being found, the matte of the one before is cut. Raises TrainError when too few frames show a person.
    """
    box, path = Letterbox.fit(info.size, canvas_px), folder / "frames.npy"
    segmenter = None if film.matte else SelfieMatte()
    estimator = HolisticEstimator()
    poses: list[Pose] = []
    with path.open("wb") as file, ThreadPoolExecutor(1) as pool:
        _write_header(file, 0, canvas_px)
        written: Future[int] | None = None
        bar = tqdm(_with_mattes(film, info), total=info.frames or None, desc=f"watch {info.path.name}")
        for i, (image, given) in enumerate(bar):
            pose = estimator.estimate(Frame(i, i / info.fps, image))
            poses.append(pose)
            if written is not None:
                written.result()
            written = pool.submit(_write_frame, file, image, given, pose, box, segmenter)
        if written is not None:
            written.result()
        _write_header(file, len(poses), canvas_px)
    estimator.close()
    if segmenter is not None:
        segmenter.close()
    usable = sum(pose.in_view for pose in poses)
    if usable < MIN_FRAMES:
        raise TrainError(
            f"too little to learn from in {info.path.name}",
            got=f"{usable} frames with a person, of {len(poses)}",
            wanted=f"at least {MIN_FRAMES}, better 3,000",
            do="film one person, whole and well lit, for a minute or more",
        )
    _find_plate(path, film, box)
    return poses, path


def _write_header(file: BinaryIO, count: int, canvas_px: tuple[int, int]) -> None:
    """The .npy header for `count` frames, at the file's start; numpy pads it so that a longer count fits in later."""
    file.seek(0)
    header = {"descr": "|u1", "fortran_order": False, "shape": (count, canvas_px[1], canvas_px[0], 4)}
    np.lib.format.write_array_header_2_0(file, header)  # type: ignore[no-untyped-call, unused-ignore]


def _with_mattes(film: Film, info: VideoInfo) -> Iterator[tuple[U8, U8 | None]]:
    """Each frame with the film's own matte, (H, W) uint8, or None; what has no matte in a matte video is not used."""
    if film.matte is None:
        yield from ((image, None) for image in read_frames(info))
    else:
        mattes = read_frames(probe(film.matte))
        yield from (
            (image, np.ascontiguousarray(m[..., 0])) for image, m in zip(read_frames(info), mattes, strict=False)
        )


def _write_frame(
    file: BinaryIO, image: U8, given: U8 | None, pose: Pose, box: Letterbox, segmenter: SelfieMatte | None
) -> int:
    picture = box.picture(image)
    if segmenter is None:
        assert given is not None
        matte = box.picture(given, border=cv2.BORDER_CONSTANT)
    else:
        points = (pose.points_px * box.scale + np.array([box.dx, box.dy])).astype(np.float32)
        matte = segmenter.cut(picture, points, pose.scores)
    return file.write(np.dstack([picture, matte]).tobytes())


def _find_plate(path: Path, film: Film, box: Letterbox) -> None:
    """Write plate.png beside the frames, the film's own or found; sharpen a guessed matte with it, in place."""
    frames = np.load(path, mmap_mode="r+")
    picked = np.unique(np.linspace(0, len(frames) - 1, PLATE_FRAMES).astype(int))
    pictures = [np.array(frames[i, ..., :3]) for i in picked]
    mattes = [np.array(frames[i, ..., 3]) for i in picked]
    if film.plate:
        image = np.asarray(cv2.imread(str(film.plate)), np.uint8)
        plate = box.picture(np.ascontiguousarray(image[..., ::-1]))
    else:
        plate = make_plate(pictures, mattes)
    moving = camera_moves(pictures, mattes, plate)
    if moving > MOVING_CAMERA:
        print(f"  the camera or the set seems to move ({moving:.0f} grey levels): the background will be less clean")
    elif film.matte is None:
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(lambda i: _sharpen(frames, i, plate), range(len(frames))))
    cv2.imwrite(str(path.with_name("plate.png")), np.ascontiguousarray(plate[..., ::-1]))
    frames.flush()


def _sharpen(frames: U8, index: int, plate: U8) -> None:
    frame = np.array(frames[index])
    frames[index, ..., 3] = sharpen_matte(frame[..., :3], np.ascontiguousarray(frame[..., 3]), plate)

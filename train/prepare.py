"""Video -> dataset: poses by live's own estimator, placed by live's own Conditioner; matte, plate, weights, atlas."""

import hashlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from live.estimator import HolisticEstimator
from live.puppet.atlas import Atlas, save_atlas
from live.puppet.body_stats import BodyStats, fit_stats
from live.puppet.condition import Conditioner
from live.puppet.config import PuppetConfig
from live.puppet.errors import PuppetError
from live.puppet.fingerprint import fingerprint
from live.puppet.parts import PARTS
from live.puppet.values import Frame, Pose
from live.recording import save_poses
from train.atlas_builder import Shot, build_atlas
from train.dataset import FORMAT
from train.errors import TrainError
from train.matte import PLATE_FRAMES, SelfieMatte, camera_moves, make_plate, sharpen_matte
from train.pose_quality import judge_poses
from train.refine import refine
from train.take import save_poses_of
from train.video import Letterbox, VideoInfo, probe, read_frames

U8 = NDArray[np.uint8]
MIN_FRAMES = 100
MOVING_CAMERA = 12.0  # grey levels that the background differs from the plate


@dataclass(frozen=True, slots=True)
class Film:
    """One video of the target, with its matte video and plate picture where the user has them."""

    video: Path
    matte: Path | None = None
    plate: Path | None = None


def prepare(films: Sequence[Film], *, name: str, out: Path, config: PuppetConfig | None = None) -> Path:
    """Make the dataset `out`/`name` and return its folder; an old one of that name is replaced once the new one is
    whole.

    Prints what it finds and what it throws away. Raises TrainError for videos that cannot be used.
    """
    config = config or PuppetConfig()
    infos = [_probe(film) for film in films]
    folder, partial = out / name, out / f"{name}.part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        takes = _prepare_takes(films, infos, partial, config)
        atlas = _refined_atlas(takes, config)
        save_atlas(partial / "atlas.npz", atlas)
        _write_manifest(partial, name, infos, films, takes, config)
    except OSError as error:
        raise TrainError(
            "the dataset cannot be written", got=str(error), do="free some disk space, or use --out"
        ) from error
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    print(f"dataset ready: {folder}")
    return folder


def _probe(film: Film) -> VideoInfo:
    """The video, once its matte and plate are known to have its size."""
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


@dataclass(slots=True)
class _Draft:
    """A take while it is being made; `points` become refined."""

    name: str
    folder: Path
    shot: Shot
    source_stats: BodyStats
    stats: BodyStats
    t_s: NDArray[np.float64]


def _prepare_takes(films: Sequence[Film], infos: Sequence[VideoInfo], root: Path, config: PuppetConfig) -> list[_Draft]:
    watched = [
        _watch(film, info, root, config, number=n) for n, (film, info) in enumerate(zip(films, infos, strict=True))
    ]
    measured = [_measure(poses, info) for (poses, _), info in zip(watched, infos, strict=True)]
    standing = next((stats for stats in measured if stats.has_legs), None)
    drafts: list[_Draft] = []
    for (poses, frames), stats, info in zip(watched, measured, infos, strict=True):
        framing = "full" if stats.has_legs else "half"
        taken = sum(draft.name.startswith(framing) for draft in drafts)
        folder = frames.parent.rename(root / (framing if taken == 0 else f"{framing}{taken + 1}"))
        save_poses(folder / "poses.npz", poses, estimator=HolisticEstimator.name)
        whole = stats if standing is None else stats.with_bones_of(standing)
        drafts.append(_place(folder, folder / frames.name, poses, whole, info, config))
    return drafts


def _measure(poses: list[Pose], info: VideoInfo) -> BodyStats:
    try:
        return fit_stats(poses)
    except PuppetError as error:
        raise TrainError(f"no person can be measured in {info.path.name}", got=error.got, do=error.do) from error


def _watch(film: Film, info: VideoInfo, root: Path, config: PuppetConfig, *, number: int) -> tuple[list[Pose], Path]:
    """One pass over the video: poses, and frames with their matte on the canvas, in `root`/take`number`."""
    folder = root / f"take{number}"
    folder.mkdir()
    box = Letterbox.fit(info.size, config.canvas_px)
    mattes = read_frames(probe(film.matte)) if film.matte else None
    estimator, segmenter = HolisticEstimator(), None if mattes else SelfieMatte()
    poses: list[Pose] = []
    raw = folder / "frames.raw"
    with raw.open("wb") as file:
        for i, image in enumerate(tqdm(read_frames(info), total=info.frames or None, desc=f"watch {info.path.name}")):
            pose = estimator.estimate(Frame(i, i / info.fps, image))
            picture = box.picture(image)
            matte: U8
            if mattes is not None:
                given = next(mattes, None)
                if given is None:
                    break  # the matte video is shorter: what has no matte is not used
                matte = box.picture(np.ascontiguousarray(given[..., 0]), border=cv2.BORDER_CONSTANT)
            else:
                assert segmenter is not None
                points = (pose.points_px * box.scale + np.array([box.dx, box.dy])).astype(np.float32)
                matte = segmenter.cut(picture, points, pose.scores)
            poses.append(pose)
            file.write(np.dstack([picture, matte]).tobytes())
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
    frames = _finish_frames(raw, len(poses), film, config, box, given=mattes is not None)
    return poses, frames


def _finish_frames(raw: Path, count: int, film: Film, config: PuppetConfig, box: Letterbox, *, given: bool) -> Path:
    """Turn the raw frames into frames.npy, find the plate, and sharpen a guessed matte with it."""
    width, height = config.canvas_px
    frames = np.memmap(raw, np.uint8, "r+", shape=(count, height, width, 4))
    picked = np.unique(np.linspace(0, count - 1, PLATE_FRAMES).astype(int))
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
    if not given and moving <= MOVING_CAMERA:
        for i in range(count):
            frames[i, ..., 3] = sharpen_matte(frames[i, ..., :3], np.array(frames[i, ..., 3]), plate)
    cv2.imwrite(str(raw.parent / "plate.png"), np.ascontiguousarray(plate[..., ::-1]))
    frames.flush()
    del frames
    return _as_npy(raw, (count, height, width, 4))


def _as_npy(raw: Path, shape: tuple[int, ...]) -> Path:
    """Put an .npy header before the raw bytes without holding them in memory."""
    path = raw.with_name("frames.npy")
    with path.open("wb") as file, raw.open("rb") as source:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_2_0(file, header)  # type: ignore[no-untyped-call, unused-ignore]
        shutil.copyfileobj(source, file, 1 << 24)
    raw.unlink()
    return path


def _place(
    folder: Path, frames: Path, poses: list[Pose], source_stats: BodyStats, info: VideoInfo, config: PuppetConfig
) -> _Draft:
    """Place all poses with the Conditioner, the figure as its own performer, and weigh them."""
    box = Letterbox.fit(info.size, config.canvas_px)
    stats = source_stats.scaled(box.scale, box.dx, box.dy)
    conditioner = Conditioner(config, target=stats, atlas=Atlas.empty(), performer=source_stats)
    placed = [conditioner.place(pose) for pose in poses]
    points = np.array([p.points_px for p in placed], np.float32)
    scores = np.array([p.scores for p in placed], np.float32)
    size = np.array([p.size_px for p in placed])  # float64 as in live: rounded, it would move single pixels of the doll
    rgba = np.load(frames, mmap_mode="r")
    quality = judge_poses(points, scores, size, rgba[..., 3])
    print(
        f"  {folder.name}: {len(poses)} frames, nobody in {quality.nobody}; weighed down: {quality.back_views} back "
        f"views, {quality.jumps} jumps or swaps, {quality.outside_matte} with joints outside the figure"
    )
    times = np.array([pose.t_capture_s for pose in poses])
    return _Draft(folder.name, folder, Shot(rgba, points, scores, size, quality.weight), source_stats, stats, times)


def _refined_atlas(drafts: list[_Draft], config: PuppetConfig) -> Atlas:
    """Atlas from the poses as found; poses refined against it and saved; atlas again from the refined ones."""
    bar = tqdm(total=2 * len(PARTS) + len(drafts), desc="atlas")
    raw = [draft.shot for draft in drafts]
    first = build_atlas(raw, valid_score=config.valid_score, progress=lambda: _tick(bar))
    refined = []
    for draft, shot in zip(drafts, raw, strict=True):
        points = refine(shot, first, valid_score=config.valid_score)
        moved = np.linalg.norm(points[:, :25] - shot.points_px[:, :25], axis=2)
        tqdm.write(
            f"  {draft.name}: joints moved {moved.mean():.1f} px on average, {np.quantile(moved, 0.95):.1f} at P95"
        )
        refined.append(Shot(shot.rgba, points, shot.scores, shot.size_px, shot.weight))
        save_poses_of(
            draft.folder,
            placed_px=shot.points_px,
            refined_px=points,
            scores=shot.scores,
            size_px=shot.size_px,
            weight=shot.weight,
            t_s=draft.t_s,
        )
        _tick(bar)
    atlas = build_atlas(refined, valid_score=config.valid_score, progress=lambda: _tick(bar))
    bar.close()
    return atlas


def _tick(bar: Any) -> None:
    bar.update(1)


def _write_manifest(
    folder: Path,
    name: str,
    infos: Sequence[VideoInfo],
    films: Sequence[Film],
    drafts: Sequence[_Draft],
    config: PuppetConfig,
) -> None:
    takes = {
        draft.name: {
            "stats": draft.stats.to_json(),
            "source_stats": draft.source_stats.to_json(),
            "frames": len(draft.shot.rgba),
        }
        for draft in drafts
    }
    named = [path for film in films for path in (film.video, film.matte, film.plate) if path]
    manifest = {
        "format": FORMAT,
        "name": name,
        "fps": infos[0].fps,
        "estimator": HolisticEstimator.name,
        "puppet": config.to_json(),
        "fingerprint": fingerprint(config),
        "takes": takes,
        "made_from": {path.name: _sha256(path) for path in named},
        "files": {str(p.relative_to(folder)): _sha256(p) for p in sorted(folder.rglob("*.npz"))},
    }
    (folder / "dataset.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 22):
            digest.update(block)
    return digest.hexdigest()

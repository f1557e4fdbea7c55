"""Video -> dataset: poses by live's own estimator, placed by live's own Conditioner; matte, plate, weights, atlas."""

import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from engines.bundle import sha256_of
from live.estimator import HolisticEstimator
from live.puppet.atlas import Atlas, save_atlas
from live.puppet.body_stats import BodyStats, fit_stats
from live.puppet.condition import Conditioner
from live.puppet.config import PuppetConfig
from live.puppet.errors import PuppetError
from live.puppet.fingerprint import fingerprint
from live.puppet.parts import PARTS
from live.puppet.values import Pose
from live.recording import save_poses
from train.atlas_builder import Shot, build_atlas
from train.dataset import FORMAT
from train.errors import TrainError
from train.film import Film, probe_film, watch
from train.pose_quality import judge_poses
from train.refine import refine
from train.take import save_poses_of
from train.video import Letterbox, VideoInfo


def prepare(films: Sequence[Film], *, name: str, out: Path, config: PuppetConfig | None = None) -> Path:
    """Make the dataset `out`/`name` and return its folder; an old one of that name is replaced once the new one is
    whole.

    Prints what it finds and what it throws away. Raises TrainError for videos that cannot be used.
    """
    config = config or PuppetConfig()
    infos = [probe_film(film) for film in films]
    folder, partial = out / name, out / f"{name}.part"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        takes = _prepare_takes(films, infos, partial, config)
        atlas = _refined_atlas(takes, config)
        save_atlas(partial / "atlas.npz", atlas)
        _write_manifest(partial, name, infos, films, takes, config)
    except BaseException as error:
        shutil.rmtree(partial, ignore_errors=True)
        if not isinstance(error, OSError):
            raise
        raise TrainError(
            "the dataset cannot be written", got=str(error), do="free some disk space, or use --out"
        ) from error
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)
    print(f"dataset ready: {folder}")
    return folder


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
    watched = []
    for number, (film, info) in enumerate(zip(films, infos, strict=True)):
        folder = root / f"take{number}"
        folder.mkdir()
        watched.append(watch(film, info, folder, config.canvas_px))
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
    first = build_atlas(raw, valid_score=config.valid_score, progress=bar.update)
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
        bar.update()
    atlas = build_atlas(refined, valid_score=config.valid_score, progress=bar.update)
    bar.close()
    return atlas


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
        "made_from": {path.name: sha256_of(path) for path in named},
        "files": {str(p.relative_to(folder)): sha256_of(p) for p in sorted(folder.rglob("*.npz"))},
    }
    (folder / "dataset.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")

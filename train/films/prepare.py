"""Videos or pictures -> dataset: poses placed by live's own Conditioner, matte, plate, weights, atlas, and a report."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from engines.bundle import sha256_of
from live.performer.recording import save_poses
from live.puppet import topology as T
from live.puppet.config import PuppetConfig
from live.puppet.drawing.atlas import Atlas, save_atlas
from live.puppet.drawing.parts import PARTS
from live.puppet.errors import PuppetError
from live.puppet.fingerprint import fingerprint
from live.puppet.geometry.body_stats import BodyStats, fit_stats
from train.atlas.atlas_builder import build_atlas
from train.atlas.extents import extents_for
from train.atlas.registration import register
from train.atlas.view_alignment import align_views
from train.dataset.folder import new_dataset
from train.dataset.format import FORMAT
from train.dataset.take import first_held_out
from train.errors import TrainError
from train.films.extracted_source import ExtractedSource, FilmSource
from train.films.quality.agreement import agreement, measure_fit, weight_of
from train.films.quality.coverage import Coverage, cover
from train.films.quality.coverage_picture import draw_coverage
from train.films.quality.findings import too_few
from train.films.take_builder import TakeBuilder, place
from train.films.video import VideoInfo
from train.report.sheet import write_picture

COVERAGE_PICTURE = "coverage.png"


def prepare(sources: Sequence[FilmSource], *, name: str, out: Path, config: PuppetConfig | None = None) -> Path:
    """Make the dataset `out`/`name` and return its folder; an old one of that name is replaced once the new one is
    whole.

    Prints what it finds and what it throws away. Raises TrainError for sources that cannot be used, and what
    `new_dataset` raises.
    """
    config = config or PuppetConfig()
    infos = [source.probe() for source in sources]
    with new_dataset(out, name) as folder:
        drafts, estimator = _make_drafts(sources, infos, folder, config)
        save_atlas(folder / "atlas.npz", _refined_atlas(drafts, config))
        report = _report(drafts, folder)
        _write_manifest(folder, name, infos, sources, drafts, config, {"estimator": estimator, **report})
    print(f"dataset ready: {out / name}")
    return out / name


def _make_drafts(
    sources: Sequence[FilmSource], infos: Sequence[VideoInfo], root: Path, config: PuppetConfig
) -> tuple[list[TakeBuilder], str]:
    """The takes, placed and weighed, and the name of what found their poses."""
    seen: list[ExtractedSource] = []
    for number, (source, info) in enumerate(zip(sources, infos, strict=True)):
        folder = root / f"take{number}"
        folder.mkdir()
        seen.append(source.watch(info, folder, config.canvas_px))
    estimators = sorted({watched.estimator for watched in seen})
    if len(estimators) > 1:
        raise TrainError(
            "poses of two kinds for one character",
            got=" and ".join(estimators),
            wanted="videos, or pictures with poses, not both",
            do="make two data sets",
        )
    measured = [_measure(watched, source) for watched, source in zip(seen, sources, strict=True)]
    standing = next((stats for stats in measured if stats.has_legs), None)
    drafts: list[TakeBuilder] = []
    for watched, stats, info in zip(seen, measured, infos, strict=True):
        framing = "full" if stats.has_legs else "half"
        taken = sum(draft.name.startswith(framing) for draft in drafts)
        folder = watched.frames.parent.rename(root / (framing if taken == 0 else f"{framing}{taken + 1}"))
        save_poses(folder / "poses.npz", watched.poses, estimator=watched.estimator)
        whole = stats if standing is None else stats.with_bones_of(standing)
        drafts.append(place(folder, watched, whole, info, config))
    return drafts, estimators[0]


def _measure(watched: ExtractedSource, source: FilmSource) -> BodyStats:
    try:
        return fit_stats(watched.poses)
    except PuppetError as error:
        raise TrainError(f"no person can be measured in {source.title}", got=error.got, do=error.do) from error


def _refined_atlas(drafts: list[TakeBuilder], config: PuppetConfig) -> Atlas:
    """Build an atlas from the poses as found, refine the poses against it, and build it again from these, its views
    seated as the found poses draw them; frames that still disagree with it count less.

    Nothing is cut from held-out frames: what is measured on them would be too good.
    """
    valid = config.valid_score
    extents = extents_for(drafts[0].stats)
    frames = sum(len(draft.placed.rgba) for draft in drafts)
    bar = tqdm(total=2 * len(PARTS), desc="atlas")
    stops = [first_held_out(len(draft.placed.rgba)) for draft in drafts]
    found = [draft.placed.until(stop) for draft, stop in zip(drafts, stops, strict=True)]
    first = build_atlas(found, valid_score=valid, extents=extents, progress=bar.update)
    for draft in drafts:
        draft.refine(register(draft.placed, first, valid_score=valid))
    bent = [draft.shot.until(stop) for draft, stop in zip(drafts, stops, strict=True)]
    atlas = build_atlas(bent, valid_score=valid, extents=extents, progress=bar.update)
    bar.close()
    atlas = align_views(atlas, found, valid_score=valid)
    bar = tqdm(total=frames, desc="compare doll and figure")
    for draft in drafts:
        draft.fits = [measure_fit(shot, atlas, valid_score=valid) for shot in (draft.placed, draft.shot)]
        agreed = agreement(draft.shot, atlas, valid_score=valid, progress=bar.update)
        draft.weigh(weight_of(agreed, draft.shot.weight))
        draft.save()
    bar.close()
    return atlas


def _report(drafts: Sequence[TakeBuilder], folder: Path) -> dict[str, Any]:
    """Print what was found and draw the coverage; returns the same for dataset.json."""
    for draft in drafts:
        moved = np.linalg.norm(draft.registered_px[:, T.BODY] - draft.placed.points_px[:, T.BODY], axis=2)
        before, after = draft.fits
        print("\n".join(draft.findings.lines(draft.name)))
        print(
            f"    joints lie {moved.mean():.1f} px from where the picture has them, {np.quantile(moved, 0.95):.1f} at "
            "P95. Doll against figure, before and after moving elbows and knees there: matte "
            f"{before.matte:.3f} -> {after.matte:.3f} of its area, colour {before.colour:.1f} -> {after.colour:.1f} "
            "grey levels"
        )
    covered: Coverage = cover([draft.shot for draft in drafts], [draft.stats for draft in drafts])
    write_picture(folder / COVERAGE_PICTURE, draw_coverage(covered))
    if covered.missing:
        print(f"  film more of: {', '.join(covered.missing)}")
    warnings = too_few(sum(draft.findings.usable for draft in drafts))
    for text in warnings:
        print(f"  warning: {text}")
    return {
        "thrown_away": {draft.name: dict(draft.findings.thrown_away) for draft in drafts},
        "weighed_down": {draft.name: dict(draft.findings.weighed_down) for draft in drafts},
        "usable": {draft.name: draft.findings.usable for draft in drafts},
        "warnings": [*warnings, *(f"{draft.name}: {text}" for draft in drafts for text in draft.warnings)],
        "refinement": {
            draft.name: dict(zip(("before", "after"), (asdict(fit) for fit in draft.fits), strict=True))
            for draft in drafts
        },
        "film_more_of": list(covered.missing),
    }


def _write_manifest(
    folder: Path,
    name: str,
    infos: Sequence[VideoInfo],
    sources: Sequence[FilmSource],
    drafts: Sequence[TakeBuilder],
    config: PuppetConfig,
    more: dict[str, Any],
) -> None:
    takes = {
        draft.name: {
            "stats": draft.stats.to_json(),
            "source_stats": draft.source_stats.to_json(),
            "frames": len(draft.shot.rgba),
            "continuous": draft.continuous,
        }
        for draft in drafts
    }
    manifest = {
        "format": FORMAT,
        "name": name,
        "fps": infos[0].fps,
        "puppet": config.to_json(),
        "fingerprint": fingerprint(config),
        "takes": takes,
        "made_from": {key: value for source in sources for key, value in source.made_from().items()},
        "files": {str(p.relative_to(folder)): sha256_of(p) for p in sorted(folder.rglob("*.npz"))},
        **more,
    }
    (folder / "dataset.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")

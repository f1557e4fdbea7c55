"""A dataset folder of the synthetic take, without a video."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from live.puppet.drawing.atlas import save_atlas
from live.puppet.fingerprint import fingerprint
from live.puppet.geometry.body_stats import fit_stats
from tests.live.puppet.paper import paper_atlas
from tests.train.film import CONFIG, film_frame, poses, save_plate
from train.dataset.format import FORMAT
from train.dataset.take import save_poses_of
from train.films.extracted_source import ExtractedSource
from train.films.take_builder import place
from train.films.video import VideoInfo

SOURCE_SIDE = 320


def write_dataset(folder: Path, count: int = 40, *, weight: np.ndarray | None = None, **changes: Any) -> Path:
    """One take, `full`, of `count` frames, with poses placed by `prepare` from a picture of SOURCE_SIDE. `changes`
    replace keys of dataset.json. Returns `folder`.
    """
    take = folder / "full"
    take.mkdir(parents=True)
    np.save(take / "frames.npy", np.array([film_frame(i) for i in range(count)]))
    save_plate(take / "plate.png")
    save_atlas(folder / "atlas.npz", paper_atlas())
    found = poses(count, side=SOURCE_SIDE)
    info = VideoInfo(Path("film.mkv"), (SOURCE_SIDE, SOURCE_SIDE), 30.0, count)
    none = np.zeros(count, np.bool_)
    watched = ExtractedSource(found, take / "frames.npy", "recorded", none, True, none)
    draft = place(take, watched, fit_stats(found), info, CONFIG)
    save_poses_of(
        take,
        placed_px=draft.shot.points_px,
        registered_px=draft.shot.points_px + np.float32(0.5),
        scores=draft.shot.scores,
        size_px=draft.shot.size_px,
        t_s=draft.t_s,
        weight=np.ones(count, np.float32) if weight is None else weight,
    )
    stats = {"stats": draft.stats.to_json(), "source_stats": draft.source_stats.to_json(), "frames": count}
    manifest = {
        "format": FORMAT,
        "name": "paper",
        "fps": 30.0,
        "estimator": "recorded",
        "puppet": CONFIG.to_json(),
        "fingerprint": fingerprint(CONFIG),
        "takes": {"full": stats},
    }
    (folder / "dataset.json").write_text(json.dumps({**manifest, **changes}), encoding="utf-8")
    return folder

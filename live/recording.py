"""Recorded poses on disk: one .npz per clip, no pickles."""

from pathlib import Path
from typing import Any

import numpy as np

from live.puppet.errors import NPZ_ERRORS, PoseFileError
from live.puppet.topology import TOPOLOGY, K
from live.puppet.values import Pose


def save_poses(path: Path, poses: list[Pose], *, estimator: str) -> None:
    """Write poses to `path` (.npz), by way of a temporary file: the final name never holds half a file.

    All poses must come from pictures of one size. `estimator`: the name of what found them.
    """
    partial = path.with_name(path.name + ".part")
    with partial.open("wb") as file:
        np.savez_compressed(
            file,
            topology=np.array(TOPOLOGY),
            estimator=np.array(estimator),
            image_size=np.array(poses[0].image_size if poses else (0, 0), np.int64),
            t_s=np.array([p.t_capture_s for p in poses], np.float64),
            points_px=np.array([p.points_px for p in poses], np.float32).reshape(-1, K, 2),
            depth_px=np.array([p.depth_px for p in poses], np.float32).reshape(-1, K),
            scores=np.array([p.scores for p in poses], np.float32).reshape(-1, K),
        )
    partial.replace(path)


def load_poses(path: Path) -> tuple[list[Pose], str]:
    """Read a file written by `save_poses`: the poses, ids counted from 0, and the estimator's name.

    NaN or infinite joints are read as not seen (score 0). Raises PoseFileError for a file that is missing, not such a
    file, or of another topology.
    """
    try:
        # Opened here: numpy leaves a file open that turns out not to be a zip.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
            return _read(path, dict(data))
    except FileNotFoundError:
        raise PoseFileError(f"no such pose file: {path}", do="give the path of an .npz made by the estimator") from None
    except NPZ_ERRORS as error:
        raise PoseFileError(
            f"not a recorded-poses file: {path}",
            got=str(error),
            wanted="an .npz written by this project",
            do="record again",
        ) from error


def _read(path: Path, data: dict[str, Any]) -> tuple[list[Pose], str]:
    topology = str(data["topology"])
    if topology != TOPOLOGY:
        raise PoseFileError(
            f"poses of another topology: {path}", got=topology, wanted=TOPOLOGY, do="record again with this version"
        )
    points, depth, scores, times = data["points_px"], data["depth_px"], data["scores"], data["t_s"]
    count = len(points)
    if points.shape != (count, K, 2) or not depth.shape == scores.shape == (count, K) or times.shape != (count,):
        raise ValueError(f"arrays of shape {points.shape}, {depth.shape}, {scores.shape} and {times.shape}")
    unseen = ~(np.isfinite(points).all(axis=2) & np.isfinite(depth) & np.isfinite(scores))
    points[unseen], depth[unseen], scores[unseen] = 0, 0, 0
    size = (int(data["image_size"][0]), int(data["image_size"][1]))
    poses = [
        Pose(i, float(t), points[i].astype(np.float32), depth[i].astype(np.float32), scores[i].astype(np.float32), size)
        for i, t in enumerate(times)
    ]
    return poses, str(data["estimator"])

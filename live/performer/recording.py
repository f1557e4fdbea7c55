"""Recorded poses on disk: one .npz per clip, no pickles."""

from pathlib import Path
from typing import Any

import numpy as np

from engines.system.whole_file import whole_file
from live.puppet.array_file import Field, read_npz
from live.puppet.errors import PoseFileError
from live.puppet.geometry.body_stats import LARGEST_PICTURE
from live.puppet.topology import TOPOLOGY, K
from live.puppet.values import BOUND_PX, Pose

_TOPOLOGY = {"topology": Field("text")}
_FIELDS = {
    "estimator": Field("text"),
    "image_size": Field("integer", (2,), 0, 1 << 16),
    "t_s": Field("number", ("poses",), -1e9, 1e9),
    "points_px": Field("float", ("poses", K, 2)),
    "depth_px": Field("float", ("poses", K)),
    "scores": Field("float", ("poses", K)),
}
_LARGEST = 256 << 20  # bytes: more than an hour at 30 poses a second


def save_poses(path: Path, poses: list[Pose], *, estimator: str) -> None:
    """Write poses to `path` (.npz), completely or not at all.

    All poses must come from pictures of one size. `estimator`: the name of what found them.
    """
    with whole_file(path, shared=True) as file:
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


def load_poses(path: Path) -> tuple[list[Pose], str]:
    """Read a file written by `save_poses`: the poses, with ids counted from 0, and the estimator's name.

    Joints that are NaN, infinite or far beyond any picture are read as not seen (score 0). Raises PoseFileError for a
    file that is missing, of another kind, or of another topology.
    """
    try:
        topology = str(read_npz(path, _TOPOLOGY, largest=_LARGEST)["topology"])
        if topology != TOPOLOGY:
            raise PoseFileError(
                f"poses of another topology: {path}", got=topology, wanted=TOPOLOGY, do="record again with this version"
            )
        return _poses(read_npz(path, _FIELDS, largest=_LARGEST))
    except FileNotFoundError:
        raise PoseFileError(f"no such pose file: {path}", do="give the path of recorded poses, an .npz file") from None
    except (OSError, ValueError) as error:
        raise PoseFileError(
            f"not a recorded-poses file: {path}",
            got=str(error),
            wanted="an .npz written by this project",
            do="record again",
        ) from error


def _poses(data: dict[str, Any]) -> tuple[list[Pose], str]:
    points, depth, scores = (data[name].astype(np.float32, copy=False) for name in ("points_px", "depth_px", "scores"))
    width, height = (int(side) for side in data["image_size"])
    if len(points) and not (0 < width <= LARGEST_PICTURE and 0 < height <= LARGEST_PICTURE):
        raise ValueError(f"image_size is {width}x{height}")
    if (scores < 0).any() or (scores > 1).any():
        raise ValueError("scores are outside 0..1")
    seen = np.isfinite(scores) & (np.abs(depth) <= BOUND_PX)
    for axis in range(2):
        seen &= np.abs(points[:, :, axis]) <= BOUND_PX
    points[~seen], depth[~seen], scores[~seen] = 0, 0, 0
    poses = [Pose(i, float(t), points[i], depth[i], scores[i], (width, height)) for i, t in enumerate(data["t_s"])]
    return poses, str(data["estimator"])

"""A take while it is being made: watched, placed on the canvas and weighed; then refined."""

from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engines.arrays import F32, Bool
from live.puppet.condition import Conditioner
from live.puppet.config import PuppetConfig
from live.puppet.drawing.atlas import Atlas
from live.puppet.geometry.body_stats import BodyStats
from train.atlas.sample import TakeFrames
from train.dataset.take import bent, save_poses_of
from train.films.extracted_source import ExtractedSource
from train.films.quality.agreement import Fit
from train.films.quality.findings import Findings, tally
from train.films.quality.picture_quality import judge_pictures
from train.films.quality.pose_quality import judge_poses
from train.films.quality.steadiness import judge_steadiness
from train.films.video import Letterbox, VideoInfo

UNLIKE_THE_DOLL = "unlike the doll"


@dataclass(slots=True)
class TakeBuilder:
    """`placed` is the shot as the Conditioner placed it, `shot` the same with refined points, `registered_px` (N, 137,
    2) where the pictures have them. `faults`: reason -> (N,) bool, the gravest first. `fits`: how well the doll fits
    the figure, before and after refining.
    """

    name: str
    folder: Path
    placed: TakeFrames
    shot: TakeFrames
    registered_px: F32
    source_stats: BodyStats
    stats: BodyStats
    t_s: NDArray[np.float64]
    continuous: bool
    faults: dict[str, Bool]
    warnings: list[str]
    fits: list[Fit] = field(default_factory=list)

    def refine(self, registered_px: F32) -> None:
        """Adopt what registration found."""
        self.registered_px = registered_px
        self.shot = replace(self.placed, points_px=bent(self.placed.points_px, registered_px))

    def weigh(self, factor: F32) -> None:
        """Multiply the weights by `factor` (N,) 0..1, the doll's agreement; half or less counts as a fault."""
        self.faults[UNLIKE_THE_DOLL] = factor <= 0.5
        shot = self.shot
        self.shot = TakeFrames(shot.rgba, shot.points_px, shot.scores, shot.size_px, shot.weight * factor)

    @property
    def findings(self) -> Findings:
        """What is thrown away so far, and why."""
        return tally(self.shot.weight, self.faults, self.warnings)

    def save(self) -> None:
        """Write the per-frame arrays to the take's folder."""
        save_poses_of(
            self.folder,
            placed_px=self.placed.points_px,
            registered_px=self.registered_px,
            scores=self.shot.scores,
            size_px=self.shot.size_px,
            weight=self.shot.weight,
            t_s=self.t_s,
        )


def place(
    folder: Path, watched: ExtractedSource, source_stats: BodyStats, info: VideoInfo, config: PuppetConfig
) -> TakeBuilder:
    """Place all poses with the Conditioner, the figure as its own performer, and weigh them. `folder` already holds the
    frames; its name is the take's.
    """
    box = Letterbox.fit(info.size, config.canvas_px)
    stats = source_stats.scaled(box.scale, box.dx, box.dy)
    conditioner = Conditioner(config, target=stats, atlas=Atlas.empty(), performer=source_stats)
    placed = [conditioner.place(pose) for pose in watched.poses]
    points = np.array([p.points_px for p in placed], np.float32)
    scores = np.array([p.scores for p in placed], np.float32)
    size = np.array([p.size_px for p in placed])  # float64 as in live: rounding would move single pixels of the doll
    rgba = np.load(folder / watched.frames.name, mmap_mode="r")
    poses = judge_poses(points, scores, size, rgba[..., 3], continuous=watched.continuous)
    pictures = judge_pictures(rgba, inside=_picture(box, info), stands=stats.has_legs, several=watched.several)
    nobody = np.array([not pose.in_view for pose in watched.poses]) | poses.nobody
    faults: dict[str, Bool] = {
        "without a pose file": watched.unread,
        "no person": nobody,
        "two people": pictures.several,
        "jumps or swaps": poses.jumps,
        UNLIKE_THE_DOLL: np.zeros_like(nobody),  # known at the end; listed here, as it may throw away a frame
        "cut off": pictures.cut_off,
        "blurred": pictures.blurred,
        "seen from behind": poses.back_views,
        "joints outside the figure": poses.outside_matte,
    }
    weight = np.where(nobody, np.float32(0), poses.weight * pictures.weight).astype(np.float32)
    shot = TakeFrames(rgba, points, scores, size, weight)
    times = np.array([pose.t_capture_s for pose in watched.poses])
    warnings = judge_steadiness(rgba).warnings()
    if not watched.continuous:
        warnings.append(
            "the pictures do not follow each other, so they are used as single poses and the puppet will flicker more; "
            "if they are from one film, name them in order of time"
        )
    return TakeBuilder(
        folder.name, folder, shot, shot, points, source_stats, stats, times, watched.continuous, faults, warnings
    )


def _picture(box: Letterbox, info: VideoInfo) -> tuple[int, int, int, int]:
    """x0, y0, x1, y1 of the filmed picture on the canvas."""
    x, y = round(box.dx), round(box.dy)
    return (
        max(x, 0),
        max(y, 0),
        min(x + round(box.scale * info.size[0]), box.canvas[0]),
        min(y + round(box.scale * info.size[1]), box.canvas[1]),
    )

"""Real people driving the puppet, which shows what held-out frames do not: above all, blobs beside the limbs."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from live.puppet.condition import Conditioner
from live.puppet.drawing.stick_figure import draw_stick_figure
from live.puppet.errors import PuppetError
from live.puppet.geometry.body_stats import fit_stats
from train.dataset.dataset import Dataset
from train.dataset.take import Take
from train.measure import metrics
from train.measure.strips import Strips
from train.networks.player import DOLL, Drawing
from train.offline.performance import Performance
from train.report import sheet

FRAMES = 300  # of each clip
COLUMNS = 9


@dataclass(frozen=True, slots=True)
class Driven:
    """One clip on one take. `outside`: for each way of drawing, percent of the matte farther than `metrics.NEAR_DOLL`
    from the doll, over all frames with somebody in view.
    """

    clip: str
    take: str
    outside: dict[str, float]


def drive(dataset: Dataset, performance: Performance, drawings: dict[str, Drawing], out: Path) -> Driven:
    """Let a performance drive every way of drawing in closed loop, the performer measured on the fly as in live without
    a calibration; write a contact sheet of stick figures and puppets to `out`. No picture of the clip is ever shown.
    """
    take = fitting_take(dataset, performance)
    conditioner = Conditioner(dataset.config, target=take.stats, atlas=dataset.atlas, performer=None)
    poses = performance.poses[:FRAMES]
    shown = {i for i, pose in enumerate(poses) if pose.in_view}
    columns = {sorted(shown)[int(at)] for at in np.linspace(0, len(shown) - 1, COLUMNS)}
    strips = Strips(f"{performance.name}_{take.name}")
    shares: dict[str, list[float]] = {name: [] for name in drawings if name != DOLL}
    for drawing in drawings.values():
        drawing.reset()
    for i, pose in enumerate(tqdm(poses, desc=f"drive by {performance.name}", unit="frame")):
        conditioning = conditioner.step(pose)
        if i in columns:
            stick = draw_stick_figure(conditioning.placed, dataset.canvas, valid_score=dataset.config.valid_score)
            strips.add("performer's skeleton", stick)
        for name, drawing in drawings.items():
            frame = drawing.step(conditioning)
            if i in shown and name in shares:
                alphas = (np.ascontiguousarray(picture[..., 3]) for picture in (frame, conditioning.doll))
                shares[name].append(metrics.outside(*alphas))
            if i in columns:
                strips.add(name, sheet.composite_over(frame, take.plate))
    strips.write(out)
    return Driven(performance.name, take.name, {name: float(np.mean(values)) for name, values in shares.items()})


def fitting_take(dataset: Dataset, performance: Performance) -> Take:
    """The whole-body take for a performer who shows legs, else the waist-up one; the first if that is missing."""
    try:
        framing = "full" if fit_stats(performance.poses).has_legs else "half"
    except PuppetError:  # too short or never upright: nothing is known about the legs
        framing = "full"
    return dataset.takes.get(framing) or next(iter(dataset.takes.values()))

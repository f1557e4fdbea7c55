"""Measures a run on frames that it never saw: the bare doll and the network, in closed loop, against the real video."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from live.estimator import HolisticEstimator, PoseEstimator
from live.puppet.stick_figure import draw_stick_figure
from live.puppet.values import Conditioning, Frame, Pose
from train import metrics, sheet
from train.checkpoint import Checkpoint, load_checkpoint
from train.dataset import Dataset, open_dataset
from train.networks import DeployedGenerator, Generator
from train.take import Take

U8 = NDArray[np.uint8]
FOLDER = "evaluation"
POSE_EVERY = 5  # frames between two pose detections
COLUMNS = 9  # of the contact sheet
HELD_FRAMES = 60  # of one held pose; flicker is measured over the second half
SHEET_CELL_PX = 320


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over the held-out frames of one take. Pixels are those of a canvas 512 high; grey levels 0..255.

    `ssim_box`, `ssim_body`: in the box around the real figure, on its pixels. `sharpness`: detail relative to the real
    picture. `matte_iou`. `pose_error_px`: body joints found in the generated and in the real picture; `missed_joints`:
    share found in the real picture alone. `flicker_background`: change from frame to frame where nothing is;
    `flicker_held`: change while the pose is held.
    """

    ssim_box: float
    ssim_body: float
    sharpness: float
    matte_iou: float
    pose_error_px: float
    missed_joints: float
    flicker_background: float
    flicker_held: float


class Player:
    """Shows a generator frame by frame, in closed loop, as live does. One is owned by one sequence."""

    def __init__(self, network: DeployedGenerator) -> None:
        self._network, self._previous = network, torch.zeros(0)

    def step(self, conditioning: Conditioning) -> U8:
        """The next frame, (H, W, 4) uint8; the first is made from zeros."""
        doll = torch.from_numpy(conditioning.doll)[None]
        if not len(self._previous):
            self._previous = torch.zeros_like(doll)
        with torch.inference_mode():
            self._previous = self._network(torch.from_numpy(conditioning.pose_map)[None], doll, self._previous)
        return self._previous[0].numpy()


class Variant:
    """Running means of one way to draw the target."""

    def __init__(self, estimator: PoseEstimator | None) -> None:
        self._estimator, self._sums = estimator, {field.name: np.zeros(2) for field in fields(Scores)}
        self._last: tuple[U8, U8] | None = None

    def see(self, index: int, frame: U8, real: U8, plate: U8, real_pose: Pose | None) -> None:
        """Count one frame (H, W, 4) against the real one."""
        picture, wanted = sheet.over(frame, plate), sheet.over(real, plate)
        matte = np.ascontiguousarray(real[..., 3])
        box = metrics.body_box(matte)
        if box is not None:
            similar = metrics.ssim_map(picture[box], wanted[box])
            self._add("ssim_box", float(similar.mean()))
            self._add("ssim_body", float(similar[matte[box] > 127].mean()))
            self._add("sharpness", metrics.detail(picture, matte), metrics.detail(wanted, matte))
            self._add("matte_iou", metrics.overlap(frame[..., 3], matte))
        if real_pose is not None and self._estimator is not None:
            pose = self._estimator.estimate(Frame(index, index / 30, picture))
            scale = 512 / picture.shape[0]
            apart, joints = metrics.pose_distance(pose, real_pose)
            self._add("pose_error_px", apart * scale, joints)
            self._add("missed_joints", *metrics.missed(pose, real_pose))
        self._see_background(picture, matte)

    def see_held(self, before: U8, after: U8, plate: U8) -> None:
        """Count two frames of a held pose."""
        self._add("flicker_held", _change(sheet.over(before, plate), sheet.over(after, plate)))

    def scores(self) -> Scores:
        """The means so far; NaN for what was never counted."""
        means = {name: float(total / count) if count else float("nan") for name, (total, count) in self._sums.items()}
        return Scores(**means)

    def _see_background(self, picture: U8, matte: U8) -> None:
        if self._last is not None:
            nothing = (self._last[1] == 0) & (matte == 0)
            if nothing.any():
                self._add("flicker_background", _change(picture[nothing], self._last[0][nothing]))
        self._last = picture, matte

    def _add(self, name: str, value: float, count: float = 1.0) -> None:
        self._sums[name] += (value, count)


def evaluate(folder: Path, *, frames: int = 0, poses: bool = True) -> Path:
    """Measure the run in `folder`; returns the folder with metrics.json, metrics.md and a contact sheet for each take.

    `frames`: at most this many held-out frames of each take (0: all). `poses`: find poses again, which takes long.
    Raises TrainError.
    """
    checkpoint = load_checkpoint(folder)
    dataset = open_dataset(Path(checkpoint.config.dataset))
    network = DeployedGenerator(averaged_generator(checkpoint)).eval()
    out = folder / FOLDER
    out.mkdir(exist_ok=True)
    results: dict[str, dict[str, Scores]] = {}
    for take in dataset.takes.values():
        stop = min(take.held_out.stop, take.held_out.start + frames) if frames else take.held_out.stop
        shown = range(take.held_out.start, stop)
        results[take.name] = _measure(dataset, take, shown, network, out, poses=poses)
    _write(out, results, checkpoint)
    return out


def averaged_generator(checkpoint: Checkpoint) -> Generator:
    """The generator with the averaged weights of a checkpoint, for evaluation and export."""
    generator = Generator(checkpoint.pose_map_channels, checkpoint.config.preset)
    generator.load_state_dict(checkpoint.trainer["average"])
    return generator.requires_grad_(False).eval()


def _measure(
    dataset: Dataset, take: Take, shown: range, network: DeployedGenerator, out: Path, *, poses: bool
) -> dict[str, Scores]:
    opened = [HolisticEstimator() if poses else None for _ in range(3)]  # each tracks one person, in one video
    estimator, variants = opened[0], {"doll": Variant(opened[1]), "network": Variant(opened[2])}
    player, columns = Player(network), set(np.linspace(shown.start, shown.stop - 1, COLUMNS).astype(int).tolist())
    rows: dict[str, list[U8]] = {"real": [], "pose": [], "doll": [], "generated": []}
    sequence = dataset.sequence(take, shown.start, shown.stop)
    for index, (conditioning, real) in zip(
        shown, tqdm(sequence, total=len(shown), desc=f"evaluate {take.name}"), strict=True
    ):
        frames = {"doll": conditioning.doll, "network": player.step(conditioning)}
        real_pose = None
        if estimator is not None and (index - shown.start) % POSE_EVERY == 0:
            real_pose = estimator.estimate(Frame(index, index / 30, sheet.over(real, take.plate)))
        for name, variant in variants.items():
            variant.see(index, frames[name], real, take.plate, real_pose)
        if index in columns:
            rows["real"].append(sheet.over(real, take.plate))
            rows["pose"].append(
                draw_stick_figure(conditioning.placed, dataset.canvas, valid_score=dataset.config.valid_score)
            )
            rows["doll"].append(sheet.over(frames["doll"], take.plate))
            rows["generated"].append(sheet.over(frames["network"], take.plate))
    for one in filter(None, opened):
        one.close()
    for before, after in _held(dataset, take, shown, network):
        variants["network"].see_held(before, after, take.plate)
    sheet.write_picture(
        out / f"contact_{take.name}.png", sheet.contact_sheet(list(rows.items()), cell_height_px=SHEET_CELL_PX)
    )
    return {name: variant.scores() for name, variant in variants.items()}


def _held(dataset: Dataset, take: Take, shown: range, network: DeployedGenerator) -> Iterator[tuple[U8, U8]]:
    """Consecutive frames of the middle pose, held: the second half, when the picture has settled."""
    middle = (shown.start + shown.stop) // 2
    conditioning = dataset.draw(take.placed(middle, refined=False))
    player = Player(network)
    before = player.step(conditioning).copy()
    for i in range(1, HELD_FRAMES):
        after = player.step(conditioning).copy()
        if i > HELD_FRAMES // 2:
            yield before, after
        before = after


def _change(a: U8, b: U8) -> float:
    return float(np.abs(a.astype(np.int16) - b.astype(np.int16)).mean())


def _write(out: Path, results: dict[str, dict[str, Scores]], checkpoint: Checkpoint) -> None:
    """metrics.json, and the same as a Markdown table."""
    names = [field.name for field in fields(Scores)]
    table = {
        "steps": checkpoint.steps_done,
        "minutes": round(checkpoint.elapsed_s / 60, 1),
        "takes": {
            take: {
                name: {k: None if v != v else v for k, v in asdict(scores).items()} for name, scores in variants.items()
            }
            for take, variants in results.items()
        },
    }
    (out / "metrics.json").write_text(json.dumps(table, indent=1), encoding="utf-8")
    lines = [
        f"| take | drawn by | {' | '.join(name.replace('_', ' ') for name in names)} |",
        "|" + " --- |" * (len(names) + 2),
    ]
    for take, variants in results.items():
        for name, scores in variants.items():
            cells = [f"{value:.3f}" if value == value else "-" for value in asdict(scores).values()]
            lines.append(f"| {take} | {name} | {' | '.join(cells)} |")
    (out / "metrics.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))

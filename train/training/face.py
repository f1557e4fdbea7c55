"""The stage after the generator, which is now frozen: its faces are collected, and a network learns to improve them."""

import time
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from engines.arrays import U8
from engines.backends.host_engine import Arrays, HostEngine, Step
from live.puppet.drawing.face_map import SIDE
from live.puppet.geometry.face_box import FaceSquare
from live.render.face import SPEC, Face, paste_face
from train.dataset.loader import open_dataset
from train.errors import TrainError
from train.networks.face_network import DeployedFace
from train.networks.player import Player
from train.report import sheet
from train.report.curves import Curve
from train.training.checkpoint import Checkpoint, deployed, load_checkpoint
from train.training.face_checkpoint import NAME, FaceCheckpoint, averaged_face, generator_hash, load_face, save_face
from train.training.face_step import FaceReport, FaceTrainer
from train.training.faces import FacePairs, Faces, collect_faces
from train.training.interrupt import Interrupt
from train.training.run_folder import run_folder

FEWEST = 200  # faces to learn from
LIMIT, HELD_OUT_LIMIT = 1500, 120  # frames played: 0.4 GB in memory
BATCH = 4  # pairs of faces per step
SAVE_S, LOG_EVERY, SHEET_EVERY = 180.0, 20, 500
CURVE = "face_loss.csv"
COLUMNS, CELL_PX = 8, 192  # of the sample sheet
GREY = np.array([128, 128, 128], np.uint8)
WHOLE = FaceSquare(0.0, 0.0, float(SIDE))


def train_face(folder: Path, *, steps: int = 0, minutes: float = 0.0, resume: bool = False) -> bool:
    """Train the face network of the run in `folder` into its face.pt; exactly one of `steps` and `minutes` is above 0.

    True when the schedule is complete, or when the target shows too few faces to learn from (then no network is made,
    and a line says so); False when asked to stop early. Time counts from the first step. With `resume` it continues
    from face.pt, bit for bit on a CPU, if that is of this generator. Raises TrainError, and what `run_folder` raises.
    """
    if (steps > 0) == (minutes > 0):
        raise TrainError(
            "a face needs one limit", got=f"steps {steps}, minutes {minutes}", wanted="--steps or --minutes"
        )
    checkpoint = load_checkpoint(folder)
    with run_folder(folder):
        return _train_face(folder, checkpoint, steps=steps, minutes=minutes, resume=resume)


def _train_face(folder: Path, checkpoint: Checkpoint, *, steps: int, minutes: float, resume: bool) -> bool:
    last = load_face(folder)
    if last is not None and not resume:
        raise TrainError("the run has a face already", got=NAME, do="continue with --resume, or delete it")
    if last is not None and last.generator != generator_hash(checkpoint):
        print("the generator has been trained further since its face: the face starts over")
        last = None
    if last is not None and _progress(last.steps_done, last.elapsed_s, steps, minutes) >= 1:
        return True
    torch.set_num_threads(checkpoint.config.threads)
    dataset, player = open_dataset(Path(checkpoint.config.dataset)), Player(deployed(checkpoint))
    faces = collect_faces(dataset, player, limit=LIMIT, held_out=False)
    if len(faces) < FEWEST or not faces.has_next.any():
        print(f"only {len(faces)} faces were found, {FEWEST} are needed: no face network is made")
        return True
    held_out = collect_faces(dataset, player, limit=HELD_OUT_LIMIT, held_out=True)
    return _FaceRun(folder, checkpoint, faces, held_out, last).train(steps, minutes)


def open_face(folder: Path) -> Face | None:
    """The trained face of a run, as live paints it but computed by torch; None if it has none. Raises TrainError."""
    network = averaged_face(folder, load_checkpoint(folder))
    return None if network is None else Face(torch_engine(DeployedFace(network)))


def torch_engine(network: DeployedFace) -> HostEngine:
    """The network as an engine."""

    def prepare(inputs: Arrays, outputs: Arrays) -> Step:
        given = [torch.from_numpy(inputs[tensor.name]) for tensor in SPEC.inputs]
        result = torch.from_numpy(outputs[SPEC.outputs[0].name])

        def step() -> None:
            with torch.inference_mode():
                result.copy_(network(*given))

        return step

    return HostEngine(SPEC, prepare, backend="torch", device="CPU", precision="fp32", detail="for evaluation")


class _FaceRun:
    """One training of a face: its faces, trainer, clock and sample sheet."""

    def __init__(
        self, folder: Path, checkpoint: Checkpoint, faces: Faces, held_out: Faces, last: FaceCheckpoint | None
    ) -> None:
        self._folder, self._generator = folder, generator_hash(checkpoint)
        self._trainer = FaceTrainer(checkpoint.config)
        self._pairs = FacePairs(faces, batch=BATCH, seed=checkpoint.config.seed)
        self._shown = held_out if len(held_out) else faces
        self._elapsed_s = 0.0
        if last is not None:
            try:
                self._trainer.load_state(last.trainer)
            except (LookupError, RuntimeError, ValueError) as error:
                raise TrainError(
                    "the face has other layers", got=str(error).splitlines()[0], do="delete face.pt"
                ) from error
            self._pairs.load_state(last.data)
            self._elapsed_s = last.elapsed_s

    def train(self, steps: int, minutes: float) -> bool:
        """Train to the end of the schedule, or until asked to stop. True at the end. Leaves a checkpoint either way."""
        trainer, reports = self._trainer, []
        curve = Curve(self._folder / CURVE, [field.name for field in fields(FaceReport)], steps_done=trainer.steps_done)
        started, saved = time.perf_counter() - self._elapsed_s, time.perf_counter()
        whole = steps or round(60 * minutes)
        bar = tqdm(total=whole, unit="step" if steps else "s", desc="train face")
        with Interrupt().listening() as interrupt, bar:
            while not interrupt.wanted:
                progress = _progress(trainer.steps_done, self._elapsed_s, steps, minutes)
                bar.update(int(progress * whole) - bar.n)
                if progress >= 1:
                    break
                report = trainer.step(self._pairs.sample(), progress)
                if not np.isfinite(report.total):
                    raise TrainError("the face's loss is not a number", got=str(report), do="continue with --resume")
                self._elapsed_s = time.perf_counter() - started
                reports.append(list(asdict(report).values()))
                if trainer.steps_done % LOG_EVERY == 0:
                    curve.add(trainer.steps_done, self._elapsed_s, np.mean(reports, axis=0))
                    bar.set_postfix_str(f"loss {np.mean(reports, axis=0)[0]:.3f}")
                    reports.clear()
                if trainer.steps_done % SHEET_EVERY == 0:
                    self._write_sheet()
                if time.perf_counter() - saved > SAVE_S:
                    self._save()
                    saved = time.perf_counter()
        self._save()
        self._write_sheet()
        self._print_gain()
        return not interrupt.wanted

    def _save(self) -> None:
        trainer = self._trainer
        save_face(
            self._folder,
            FaceCheckpoint(trainer.steps_done, self._elapsed_s, self._generator, trainer.state(), self._pairs.state()),
        )

    def _write_sheet(self) -> None:
        path = self._folder / "sheets" / f"face_{self._trainer.steps_done:06d}.png"
        path.parent.mkdir(exist_ok=True)
        sheet.write_picture(path, face_sheet(self._trainer, self._shown))

    def _print_gain(self) -> None:
        """Say what the network gains on faces it never saw."""
        before, after = face_errors(self._trainer, self._shown)
        print(f"held-out faces: {before:.2f} levels from the real ones without the face network, {after:.2f} with it")


def face_sheet(trainer: FaceTrainer, faces: Faces) -> U8:
    """Face map, generator, with the face (by the averaged weights) and real, for a few of the faces."""
    chosen = np.linspace(0, len(faces) - 1, min(COLUMNS, len(faces))).astype(int).tolist()
    painted = [painted_face(trainer, faces, i) for i in chosen]
    rows = [
        ("face map", [np.repeat(faces.face_map[i].max(axis=2, keepdims=True), 3, axis=2) for i in chosen]),
        ("generator", [sheet.composite_over(faces.generated[i], GREY) for i in chosen]),
        (f"with face, step {trainer.steps_done}", [sheet.composite_over(picture, GREY) for picture in painted]),
        ("real", [sheet.composite_over(faces.real[i], GREY) for i in chosen]),
    ]
    return sheet.contact_sheet(rows, cell_height_px=CELL_PX)


def face_errors(trainer: FaceTrainer, faces: Faces) -> tuple[float, float]:
    """Mean difference of colours inside both mattes from the real faces, in levels: as generated, and as painted."""
    sums = np.zeros(3)
    for i in range(len(faces)):
        matte = np.minimum(faces.generated[i, ..., 3], faces.real[i, ..., 3]).astype(np.float64)[..., None] / 255
        for slot, picture in enumerate((faces.generated[i], painted_face(trainer, faces, i))):
            apart = np.abs(picture[..., :3].astype(np.int16) - faces.real[i, ..., :3])
            sums[slot] += (apart * matte).sum() / 3
        sums[2] += matte.sum()
    return float(sums[0] / max(sums[2], 1)), float(sums[1] / max(sums[2], 1))


def painted_face(trainer: FaceTrainer, faces: Faces, index: int) -> U8:
    """(128, 128, 4): one of the faces as live would paint it."""
    network = DeployedFace(trainer.average)
    given = (torch.from_numpy(a[index : index + 1]).to(trainer.device) for a in (faces.face_map, faces.generated))
    with torch.inference_mode():
        face = network(*given)[0].cpu().numpy()
    picture = faces.generated[index].copy()
    paste_face(picture, WHOLE, faces.generated[index], face)
    return picture


def _progress(steps_done: int, elapsed_s: float, steps: int, minutes: float) -> float:
    return min(steps_done / steps if steps else elapsed_s / (60 * minutes), 1.0)

"""Draws one picture for docs/ of how a target follows a clip: stick figures above, the puppet below, at N moments.

python scripts/puppet_sheet.py dance.mp4 --target fortnite --framing full --out docs/dance.jpg

Every frame, or every pose of a recording (.npz), goes through estimator, Conditioner, generator and face network as in
a run with --no-realtime. No frame of the clip is shown.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from engines.arrays import U8
from engines.backends.onnxruntime_engine import open_reference  # noqa: E402
from live.estimator.choose import open_estimator  # noqa: E402
from live.performer.recording import load_poses  # noqa: E402
from live.puppet.condition import Conditioner  # noqa: E402
from live.puppet.drawing.stick_figure import draw_stick_figure  # noqa: E402
from live.puppet.values import Pose  # noqa: E402
from live.render.face import Face  # noqa: E402
from live.render.renderer import Renderer, RenderInput  # noqa: E402
from live.scene.target import Target, open_target  # noqa: E402
from train.films.video import probe, read_frames  # noqa: E402
from train.report.sheet import contact_sheet, write_picture  # noqa: E402


def main() -> None:
    """Parse the arguments and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, help="a video, or recorded poses (.npz)")
    parser.add_argument("--target", default="fortnite")
    parser.add_argument("--framing", default="full")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--moments", type=int, default=16)
    parser.add_argument("--columns", type=int, default=8)
    parser.add_argument("--cell", type=int, default=200, help="height of one picture in pixels (default 200)")
    args = parser.parse_args()
    poses = load_poses(args.clip)[0] if args.clip.suffix == ".npz" else estimated(args.clip)
    sticks, puppets = follow(list(poses), open_target(args.target, args.framing), args.moments)
    rows: list[tuple[str, list[U8]]] = []
    for at in range(0, len(sticks), args.columns):
        rows.append(("performer's skeleton, on the target's canvas", sticks[at : at + args.columns]))
        rows.append((f"{args.target}, {args.framing}", puppets[at : at + args.columns]))
    write_picture(args.out, contact_sheet(rows, cell_height_px=args.cell))


def estimated(clip: Path) -> list[Pose]:
    """The pose of every frame."""
    estimator = open_estimator("auto", print)
    poses = [estimator.estimate(frame) for frame in read_frames(probe(clip))]
    estimator.close()
    return poses


def follow(poses: list[Pose], target: Target, moments: int) -> tuple[list[U8], list[U8]]:
    """Stick figures and puppet pictures, both (H, W, 3) at canvas size, at evenly spaced moments of the clip."""
    network, mend = target.generator, target.face
    engine = None if network is None else open_reference(network.file, network.spec, threads=2)
    face = None if mend is None else Face(open_reference(mend.file, mend.spec, threads=2))
    generator = Renderer(engine, target.plate, gap_reset_s=0.5, face=face)
    conditioner = Conditioner(target.puppet, target=target.stats, atlas=target.atlas)
    wanted = set(np.linspace(0.03 * len(poses), len(poses) - 2, moments).astype(int).tolist())
    sticks, puppets = [], []
    for i, pose in enumerate(poses):
        drawn = conditioner.step(pose)
        puppet = generator.step(RenderInput(i, pose.t_capture_s, drawn, 0))
        if i in wanted:
            canvas = target.puppet.canvas_px
            sticks.append(draw_stick_figure(drawn.placed, canvas, valid_score=target.puppet.valid_score))
            puppets.append(puppet.image.copy())
    generator.close()
    return sticks, puppets


if __name__ == "__main__":
    main()

"""Trains a network from Python: two steps on a data set, just enough to see that everything works.

pip install -e ".[train]"
python -m train prepare engines/targets/demo/demo_dance.mp4 --name demo --work datasets
python examples/own_training.py datasets/demo runs/demo
"""

import sys
from pathlib import Path

from train.training.checkpoint import averaged_generator, load_checkpoint
from train.training.config import LossWeights, RunConfig
from train.training.run import run


def main(dataset: Path, folder: Path) -> None:
    """Train two steps. For a real run keep the defaults of `RunConfig`, and give minutes=120 in place of steps."""
    config = RunConfig(
        str(dataset.resolve()),
        steps=2,
        batch=2,  # rollouts per step: short clips that the network plays through by itself
        crop=(64, 64),  # pixels of the film that it sees at once; far too few to learn from
        sheet_every=1,  # so that there is a picture to look at after the first step
        tensorboard=False,
        weights=LossWeights(matte=6.0),  # all other losses keep their weights
    )
    if not run(folder, config):  # stopped by Ctrl-C; `train.training.run.resume(folder)` continues
        return
    checkpoint = load_checkpoint(folder)
    network = averaged_generator(checkpoint)  # an ordinary torch module
    parameters = sum(weight.numel() for weight in network.parameters())
    print(f"{checkpoint.steps_done} steps done, {parameters / 1e6:.2f} million parameters")
    print(f"look at {folder / 'report.html'}; make it a target: python -m train export {folder} --out my_target")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""The feature distance: how differently a MobileNetV2 sees two pictures.

LPIPS without its learned weights: activations normalised over their channels, squared difference, mean over places,
mean over layers (after Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features"). It is not LPIPS: the
network differs and nothing was fitted to people's judgement, so its numbers compare only with each other.
"""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from engines.arrays import U8
from train.networks.perceptual import MobileNetFeatures, open_perceptual
from train.training.config import RunConfig

KIND = "mobilenet_v2"
STRIDE = 16  # pictures are padded to multiples of this: the network halves them up to three times
TINY = 1e-10


class FeatureDistance:
    """Looks at pictures with a frozen network."""

    def __init__(self, network: MobileNetFeatures) -> None:
        self._network = network.eval()

    def look(self, picture: U8) -> list[Tensor]:
        """What it sees in a picture (H, W, 3) uint8 RGB: one normalised activation per layer."""
        height, width = picture.shape[:2]
        padding = ((0, -height % STRIDE), (0, -width % STRIDE), (0, 0))
        values = torch.from_numpy(np.pad(picture, padding, mode="edge")).permute(2, 0, 1)[None].float() / 255
        with torch.inference_mode():
            return [f / (f.square().sum(1, keepdim=True).sqrt() + TINY) for f in self._network(values)]

    def between(self, a: list[Tensor], b: list[Tensor]) -> float:
        """The distance between two pictures of the same size, as `look` returned them; 0 if equal."""
        with torch.inference_mode():
            layers = [(x - y).square().sum(1).mean() for x, y in zip(a, b, strict=True)]
            return float(torch.stack(layers).mean())


def open_feature_distance(config: RunConfig, backbone: str = "") -> FeatureDistance | None:
    """Uses the weights in the file `backbone`, else those the run was trained with; None, with a notice, for neither.

    Raises TrainError when the file cannot be read.
    """
    kind, _, path = config.perceptual.partition(":")
    if not backbone and (kind != KIND or not Path(path).expanduser().is_file()):
        print("feature distance: not measured, for lack of weights; give them with --backbone FILE.npz")
        return None
    network = open_perceptual(f"{KIND}:{backbone or path}")
    assert isinstance(network, MobileNetFeatures)
    return FeatureDistance(network)

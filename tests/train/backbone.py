"""A small network in the format of a perceptual weights file, with random weights."""

import json
from pathlib import Path

import numpy as np

from train.networks.perceptual import LAYERS


def write_backbone(path: Path) -> Path:
    """Write an .npz that `train.networks.perceptual` reads as MobileNetV2: two channels a layer, halved twice."""
    rng = np.random.default_rng(0)
    layers, weights = [], {}
    for i in range(max(LAYERS) + 1):
        channels = 3 if i == 0 else 2
        stride = 2 if i in (0, 5) else 1
        layers.append(
            {"op": "conv", "inp": i - 1, "stride": stride, "kernel": 3, "groups": 1, "relu6": True, "name": str(i)}
        )
        weights[f"{i:02d}.weight"] = rng.normal(0, 0.5, (2, channels, 3, 3)).astype(np.float16)
        weights[f"{i:02d}.bias"] = np.full(2, 0.5, np.float16)
    np.savez(path, layers=np.frombuffer(json.dumps(layers).encode(), np.uint8), **weights)
    return path

"""The perceptual loss: activations of an ImageNet network, read from a file of the user. Nothing is downloaded."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from train.errors import TrainError

# 1/2, 1/2, 1/4, 1/4 and 1/8 of the size. Narrow layers: the wide ones between them cost four times as much to compare.
LAYERS = (0, 2, 5, 8, 14)
NONE = "none"
LOST = (
    "Perceptual loss: none. Faces, fabric and hands come out softer without it. "
    "Give --perceptual mobilenet_v2:FILE.npz to switch it on."
)


class MobileNetFeatures(nn.Module):
    """MobileNetV2 up to its last wanted layer, frozen. `forward((N, 3, H, W) RGB 0..1)`: one activation per LAYERS."""

    def __init__(self, layers: list[dict[str, Any]], weights: dict[str, np.ndarray]) -> None:
        super().__init__()
        self.layers = layers[: max(LAYERS) + 1]
        for i, layer in enumerate(self.layers):
            if layer["op"] == "conv":
                self.register_buffer(f"weight_{i}", torch.from_numpy(weights[f"{i:02d}.weight"].astype(np.float32)))
                self.register_buffer(f"bias_{i}", torch.from_numpy(weights[f"{i:02d}.bias"].astype(np.float32)))

    def forward(self, picture: Tensor) -> list[Tensor]:
        picture = (picture * (255 / 128) - 1).contiguous(memory_format=torch.channels_last)
        found: list[Tensor] = []
        for i, layer in enumerate(self.layers):
            found.append(self._run_layer(i, layer, found, picture))
        return [found[i] for i in LAYERS]

    def _run_layer(self, i: int, layer: dict[str, Any], found: list[Tensor], picture: Tensor) -> Tensor:
        if layer["op"] == "add":
            a, b = layer["inp"]
            return found[a] + found[b]
        x = picture if layer["inp"] < 0 else found[layer["inp"]]
        stride, pad = layer["stride"], layer["kernel"] // 2
        if stride == 2:  # TensorFlow's SAME at even sizes: one row and column at the far side only
            x, pad = F.pad(x, (0, 1, 0, 1)), 0
        weight, bias = self.get_buffer(f"weight_{i}"), self.get_buffer(f"bias_{i}")
        x = F.conv2d(x, weight, bias, stride, pad, 1, layer["groups"])
        return F.relu6(x) if layer["relu6"] else x


def open_perceptual(spec: str) -> MobileNetFeatures | None:
    """The network that `--perceptual` names: `none` or `mobilenet_v2:FILE.npz`. Raises TrainError for anything else."""
    if spec == NONE:
        return None
    kind, _, path = spec.partition(":")
    if kind != "mobilenet_v2" or not path:
        raise TrainError("no such perceptual loss", got=spec, wanted="none or mobilenet_v2:FILE.npz")
    try:
        with np.load(Path(path).expanduser(), allow_pickle=False) as data:
            weights = dict(data)
        return MobileNetFeatures(json.loads(bytes(weights["layers"]).decode()), weights)
    except FileNotFoundError:
        raise TrainError(
            "no such perceptual weights file", got=path, do="check the path, or pass --perceptual none"
        ) from None
    except (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError) as error:
        raise TrainError(
            f"perceptual weights that cannot be read: {path}",
            got=str(error),
            wanted="an .npz with layers, weights and biases",
        ) from error

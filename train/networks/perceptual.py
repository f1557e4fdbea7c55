"""The perceptual loss: activations of an ImageNet network, whose weights the user supplies.

VGG19, as in the paper, if its weights are available (a file, or torch hub); otherwise MobileNetV2.
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from engines.system.json_file import parse_json
from train.errors import TrainError

# At 1/2, 1/2, 1/4, 1/4 and 1/8 size. Narrow layers only: the wide ones between cost four times as much to compare.
LAYERS = (0, 2, 5, 8, 14)
NONE = "none"
LOST = (
    "Perceptual loss: none. Faces, fabric and hands come out softer without it. "
    "Give --perceptual vgg19 (a download of 550 MB), vgg19:FILE.pth or mobilenet_v2:FILE.npz to switch it on."
)


class MobileNetFeatures(nn.Module):
    """MobileNetV2 as far as LAYERS reach, frozen. `forward((N, 3, H, W) RGB 0..1)`: one activation for each of them."""

    layer_weights: tuple[float, ...] = ()  # all layers count alike, each relative to its own size

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


class Vgg19Features(nn.Module):
    """VGG19 (Simonyan & Zisserman 2015) up to relu5_1, frozen. `forward((N, 3, H, W) RGB 0..1)`: relu1_1 .. relu5_1.

    Layers and weights are those of Everybody Dance Now, taken from pix2pixHD (models/networks.py, VGGLoss). Pictures
    are normalised as in the network's own training, which pix2pixHD omits.
    """

    layer_weights = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
    WIDTHS = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512)  # 0: max pooling
    SEEN = (0, 3, 6, 11, 16)  # of WIDTHS: the first convolution of each size

    def __init__(self, weights: dict[str, Tensor]) -> None:
        super().__init__()
        at, width_in = 0, 3
        self.layers = nn.ModuleList()
        for width in self.WIDTHS:
            if not width:
                self.layers.append(nn.MaxPool2d(2))
                at += 1
                continue
            layer = nn.Conv2d(width_in, width, 3, padding=1)
            layer.load_state_dict({part: weights[f"features.{at}.{part}"].float() for part in ("weight", "bias")})
            self.layers.append(layer)
            at, width_in = at + 2, width  # a ReLU comes in between
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406])[:, None, None])
        self.register_buffer("spread", torch.tensor([0.229, 0.224, 0.225])[:, None, None])

    def forward(self, picture: Tensor) -> list[Tensor]:
        x, found = (picture - self.get_buffer("mean")) / self.get_buffer("spread"), []
        for i, layer in enumerate(self.layers):
            x = layer(x) if isinstance(layer, nn.MaxPool2d) else F.relu(layer(x))
            if i in self.SEEN:
                found.append(x)
        return found


Perceptual = MobileNetFeatures | Vgg19Features
VGG19_URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"  # torchvision's ImageNet weights
WANTED = "none, vgg19, vgg19:FILE.pth or mobilenet_v2:FILE.npz"


def open_perceptual(spec: str) -> Perceptual | None:
    """The network that `--perceptual` names (see WANTED). Raises TrainError for anything else and bad weights."""
    if spec == NONE:
        return None
    kind, _, path = spec.partition(":")
    if kind == "vgg19":
        return Vgg19Features(_vgg19_weights(path))
    if kind == "mobilenet_v2" and path:
        return _open_mobilenet(path)
    raise TrainError("no such perceptual loss", got=spec, wanted=WANTED)


def _vgg19_weights(path: str) -> dict[str, Tensor]:
    try:
        if not path:
            return dict(torch.hub.load_state_dict_from_url(VGG19_URL, map_location="cpu", weights_only=True))
        weights = torch.load(Path(path).expanduser(), map_location="cpu", weights_only=True)
        missing = [key for key in ("features.0.weight", "features.28.weight") if key not in weights]
        if missing:
            raise ValueError(f"no {missing[0]} in it")
        return dict(weights)
    except OSError as error:
        raise TrainError(
            "cannot get the VGG19 weights",
            got=str(error),
            do="check the path or your connection, or use --perceptual mobilenet_v2:FILE.npz or none",
        ) from error
    except Exception as error:  # torch.load raises nearly anything for a damaged file
        raise TrainError(
            f"cannot read the perceptual weights: {path or VGG19_URL}",
            got=f"{type(error).__name__}: {error}",
            wanted="torchvision's VGG19 as a .pth state dict",
        ) from error


def _open_mobilenet(path: str) -> MobileNetFeatures:
    try:
        with np.load(Path(path).expanduser(), allow_pickle=False) as data:
            weights = dict(data)
        return MobileNetFeatures(parse_json(bytes(weights["layers"])), weights)
    except FileNotFoundError:
        raise TrainError(
            "no such perceptual weights file", got=path, do="check the path, or pass --perceptual none"
        ) from None
    except Exception as error:  # numpy and zipfile raise nearly anything for a damaged file
        raise TrainError(
            f"cannot read the perceptual weights: {path}",
            got=f"{type(error).__name__}: {error}",
            wanted="an .npz with layers, weights and biases",
        ) from error
